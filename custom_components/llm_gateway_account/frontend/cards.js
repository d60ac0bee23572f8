// Built-in cards, as this dashboard uses them.

import { CONNECTION, DOMAIN, LEVEL } from "./accounts.js";
import { DAYS } from "./statistics.js";

export const ICON = "mdi:wallet";
export const WIDE = { grid_options: { columns: 12 } };
export const PER_DAY = { chart_type: "bar", period: "day", stat_types: ["change"] };
export const STACKED = { ...PER_DAY, chart_type: "bar-stack", hide_legend: false };
const COLORS = ["indigo", "orange", "teal", "pink", "light-blue"];
const OTHER_COLOR = "grey";
const LEVEL_COLORS = {
  ok: "green",
  low: "orange",
  critical: "deep-orange",
  exhausted: "red",
};

export const inColors = (series) =>
  series.map((each, index) => ({ ...each, color: COLORS[index] ?? OTHER_COLOR }));

// From the best to the worst.
export const LEVELS = Object.keys(LEVEL_COLORS);

const UNKNOWN = ["unknown", "unavailable"];

const known = (entity) => [{ condition: "state", entity, state_not: UNKNOWN }];

export const view = (sections, wide = []) => ({
  type: "sections",
  max_columns: 2,
  sections: [
    ...sections.map((cards) => ({ type: "grid", cards })),
    { type: "grid", cards: wide, column_span: 2 },
  ].filter(({ cards }) => cards.length),
});

export const heading = (text, icon, badge, options) => ({
  type: "heading",
  heading: text,
  icon,
  ...(badge && { badges: [{ type: "entity", entity: badge, visibility: known(badge) }] }),
  ...options,
});

export const titled = (title, cards) => (cards.length ? [title, ...cards] : []);

// What is not known is no tile.
export const tile = (entity, options) => ({
  type: "tile",
  entity,
  name: { type: "entity" },
  visibility: known(entity),
  ...options,
});

const both = (conditions) => ({ condition: "and", conditions });
const either = (conditions) => ({ condition: "or", conditions });
const not = (condition) => ({ condition: "not", conditions: [condition] });

// Half a row where there is something for the other half, else a whole one.
const beside = (other, card) =>
  other.length
    ? [
        { ...card, visibility: [...card.visibility, either(other)] },
        { ...card, visibility: [...card.visibility, not(either(other))], ...WIDE },
      ]
    : [{ ...card, ...WIDE }];

// Tiles for each half of a row, of which one at most is seen: none leaves it half empty.
const sideBySide = (left, right) => {
  const isSeen = (cards) => cards.map(({ visibility }) => both(visibility));
  return [
    ...left.flatMap((card) => beside(isSeen(right), card)),
    ...right.flatMap((card) => beside(isSeen(left), card)),
  ];
};

// Two in each row of those that are known by now; what gets known later has a row of its
// own. The server watches every condition of a page, so there are no more for this.
export const inRows = (hass, tiles) => {
  const isKnown = ({ entity }) => !UNKNOWN.includes(hass.states[entity]?.state);
  const { true: seen = [], false: later = [] } = Object.groupBy(tiles, isKnown);
  return [
    ...seen.map((card, index) => (index % 2 || seen[index + 1] ? card : { ...card, ...WIDE })),
    ...later.map((card) => ({ ...card, ...WIDE })),
  ];
};

// What this month cost, beside how long the money lasts: in days, or on the last one in
// hours, which a moment is shown in.
export const monthAndTimeLeft = ({
  spent_this_month: month,
  days_remaining: days,
  runs_out_at: at,
}) => {
  const left = (entity, bounds) => {
    const visibility = [{ condition: "numeric_state", entity: days, ...bounds }];
    return tile(entity, { color: "teal", visibility: [...visibility, ...known(entity)] });
  };
  return sideBySide(
    month ? [tile(month, { color: "orange" })] : [],
    days ? [left(days, { above: 1 }), ...(at ? [left(at, { below: 1 })] : [])] : [],
  );
};

// What pays beside the balance, where there is such a thing.
export const planTiles = ({ plan, plan_remaining: left, plan_ends: ends }) => {
  const half = (entity) => (entity ? [tile(entity, { color: "purple" })] : []);
  return plan ? [...sideBySide(half(plan), []), ...sideBySide(half(left), half(ends))] : [];
};

// Its color says how bad it is.
export const balanceTile = (hass, ids, options) =>
  tile(ids.balance, { color: LEVEL_COLORS[hass.states[ids[LEVEL]]?.state], ...options });

// From nothing to what there was after the last top-up, with the limits in between.
export const balanceGauge = (hass, ids) => {
  const limits = hass.states[ids[LEVEL]]?.attributes ?? {};
  // A bonus counts for the level, and is not part of the balance.
  const bonus = Number(hass.states[ids.bonus_balance]?.state) || 0;
  const full = limits.full - bonus;
  if (!(full > 0)) {
    return balanceTile(hass, ids, WIDE);
  }
  const segments = [
    { from: 0, color: LEVEL_COLORS.critical },
    { from: Math.max(0, limits.critical_below - bonus), color: LEVEL_COLORS.low },
    { from: Math.max(0, limits.low_below - bonus), color: LEVEL_COLORS.ok },
  ];
  return tile(ids.balance, {
    type: "gauge",
    min: 0,
    max: full,
    needle: true,
    segments: segments
      .filter(({ from }, index) => from < full && segments[index + 1]?.from !== 0)
      .map(({ from, color }) => ({ from, color: `var(--${color}-color)` })),
    grid_options: { columns: 12, rows: 3 },
  });
};

// One tile instead of all that is unavailable then; it leads to where it can be mended.
const trouble = (ids, name, state, options) => ({
  type: "tile",
  entity: ids[CONNECTION],
  name,
  color: "red",
  tap_action: {
    action: "navigate",
    navigation_path: `/config/integrations/integration/${DOMAIN}`,
  },
  visibility: [{ condition: "state", entity: ids[CONNECTION], state }],
  ...WIDE,
  ...options,
});

export const troubles = (ids, word) =>
  CONNECTION in ids
    ? [
        trouble(ids, word("token_refused"), "token_refused", {
          icon: "mdi:key-alert",
          state_content: "last_changed",
        }),
        trouble(ids, word("no_answer"), ["no_answer", "unavailable"], {
          icon: "mdi:lan-disconnect",
          state_content: ["state", "last_answer"],
        }),
      ]
    : [];

// Those of Home Assistant, which ours are among.
export const REPAIRS = { type: "repairs", hide_empty: true, ...WIDE };

// Leads to where money is added, once there is little of it.
export const topUpTile = (hass, ids, name, url) =>
  tile(ids[LEVEL], {
    name,
    icon: "mdi:wallet-plus",
    color: LEVEL_COLORS[hass.states[ids[LEVEL]]?.state],
    ...WIDE,
    ...(url && { tap_action: { action: "url", url_path: url } }),
    visibility: [
      {
        condition: "state",
        entity: ids[LEVEL],
        state: LEVELS.filter((level) => level !== "ok"),
      },
    ],
  });

// How much it is says more than that it is.
export const unusualTile = (ids, name) =>
  tile(ids.spent_today, {
    name,
    icon: "mdi:chart-line-variant",
    color: "red",
    ...WIDE,
    visibility: [{ condition: "state", entity: ids.unusual_spending, state: "on" }],
  });

// What is unknown on the first day, and until when.
export const firstDay = (ids, content) => ({
  type: "markdown",
  content,
  ...WIDE,
  visibility: [{ condition: "state", entity: ids.spent_today, state: "unknown" }],
});

export const graph = (entities, title, options) => ({
  type: "statistics-graph",
  title,
  entities,
  days_to_show: DAYS,
  hide_legend: true,
  ...options,
  grid_options: {
    columns: 12,
    rows: options.hide_legend === false ? 6 : 4,
    ...options.grid_options,
  },
});
