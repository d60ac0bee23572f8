// All there is of one account.

import {
  CONNECTION,
  LEVEL,
  RECORDS,
  accountEntities,
  idsOf,
} from "./accounts.js";
import { budgetCards, isOfBudget } from "./budget.js";
import {
  ICON,
  PER_DAY,
  REPAIRS,
  balanceGauge,
  firstDay,
  graph,
  heading,
  inRows,
  monthAndTimeLeft,
  planTiles,
  tile,
  titled,
  topUpTile,
  troubles,
  unusualTile,
  view,
} from "./cards.js";
import { keysSection } from "./keys.js";
import { changesByDay, isDrawn } from "./statistics.js";
import { inLanguageOfPerson, namesOf, wordsOf } from "./texts.js";
import { usageOf } from "./usage.js";
import { outlook, pastEvents } from "./words.js";

const TOTALS = {
  request_count: { color: "blue" },
  used_quota: { color: "blue-grey" },
};
const TOP_MODEL = { top_model: { color: "deep-purple" } };
// What other cards say.
const SAID = [
  CONNECTION,
  LEVEL,
  "activity",
  "average_daily_spending",
  "balance",
  "days_remaining",
  "low_balance",
  "plan",
  "plan_ends",
  "plan_remaining",
  "runs_out_at",
  "spent_this_month",
  "spent_today",
  "unusual_spending",
  ...Object.keys({ ...TOTALS, ...TOP_MODEL }),
];
const GRAPHS = {
  // A sensor has "state" in money and "mean" in points; the card draws what there is.
  balance: { chart_type: "line", period: "hour", stat_types: ["state", "mean"] },
  used_quota: PER_DAY,
  request_count: PER_DAY,
};

// What there is of a list of keys.
const all = (ids, keys, card) =>
  keys.filter((key) => key in ids).map((key) => card(ids[key], key));

const tiles = (ids, options) =>
  all(ids, Object.keys(options), (entity, key) => tile(entity, options[key]));

// At a glance: is there money, for how long, and is today as other days are.
const glance = async (hass, { id, title }) => {
  const ids = idsOf(hass, id);
  const option = await wordsOf(hass);
  const word = (key, values) => option("graph", key, values);
  const name = await namesOf(hass);
  const url = hass.devices[id].configuration_url;
  return [
    heading(title, ICON, ids[LEVEL]),
    REPAIRS,
    ...troubles(ids, word),
    ...all(ids, [LEVEL], () => topUpTile(hass, ids, word("top_up"), url)),
    ...all(ids, ["spent_today"], () => firstDay(ids, word("first_day"))),
    ...(ids.spent_today && ids.unusual_spending
      ? [unusualTile(ids, name("unusual_spending"))]
      : []),
    ...all(ids, ["balance"], () => balanceGauge(hass, ids)),
    ...planTiles(ids),
    ...outlook(hass, ids, word),
    ...inRows(hass, tiles(ids, TOTALS)),
    ...monthAndTimeLeft(ids),
    ...inRows(hass, tiles(ids, TOP_MODEL)),
    ...(await budgetCards(hass, ids, word)),
  ];
};

export const accountSection = async (hass, account) =>
  inLanguageOfPerson(hass, { type: "grid", cards: await glance(hass, account) });

export const accountView = async (hass, account) => {
  const entities = accountEntities(hass).filter((each) => each.device_id === account.id);
  const ids = idsOf(hass, account.id);
  const option = await wordsOf(hass);
  const name = (key) => option("graph", key);
  const sensors = all(ids, Object.keys(GRAPHS), (entity) => entity);
  const [usage, days, cards, keys] = await Promise.all([
    usageOf(hass, hass.states[ids[RECORDS]]?.attributes ?? {}, {
      used_quota: name("used_quota"),
      spent_per_hour: name("spent_per_hour"),
      total: option("usage_series", "total"),
      other: option("usage_series", "other"),
    }),
    changesByDay(hass, sensors),
    glance(hass, account),
    keysSection(hass, account.id, ids.balance, name),
  ]);
  const graphs = (keys) =>
    all(ids, keys, (entity, key) =>
      graph([{ entity, name: { type: "entity" } }], name(key), GRAPHS[key]),
    ).filter(({ entities: [{ entity }] }) => isDrawn(days[entity]));
  const word = (key) => hass.localize(`ui.dialogs.more_info_control.${key}`);
  const details = entities
    .filter(({ translation_key: key }) => !SAID.includes(key) && !isOfBudget(key))
    .sort((a, b) => Boolean(a.entity_category) - Boolean(b.entity_category));
  const sensor = await namesOf(hass);
  const sections = [
    [
      ...cards,
      ...graphs(["balance"]),
      ...titled(heading(sensor("spent_this_month"), "mdi:calendar-month"), usage.month),
    ],
    [
      ...titled(heading(word("history"), "mdi:chart-bar"), [
        ...(usage.graphs.length ? usage.graphs : graphs(["used_quota"])),
        ...graphs(["request_count"]),
      ]),
      ...keys,
      ...(ids.activity && ids.balance
        ? [await pastEvents(hass, ids, name("past_events"))]
        : []),
      ...titled(
        heading(word("details"), "mdi:information-outline"),
        inRows(hass, details.map(({ entity_id: entity }) => tile(entity))),
      ),
    ],
  ];
  return inLanguageOfPerson(hass, view(sections));
};
