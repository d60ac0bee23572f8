// A dashboard of the accounts, made of built-in cards from what Home Assistant knows.

const DOMAIN = "llm_gateway_account";
const TYPE = "llm-gateway-account";
const ICON = "mdi:wallet";
const DAY = 86_400_000;
const WIDE = { grid_options: { columns: 12 } };

// By the keys of the entities, which stay when entities are renamed.
const LEVEL = "balance_level";
const RECORDS = "usage_records";
const ALERTS = ["low_balance", "unusual_spending"];
const TILES = {
  balance: { color: "green", ...WIDE },
  spent_today: { color: "orange" },
  spent_this_month: { color: "orange" },
  average_daily_spending: { color: "amber" },
  days_remaining: { color: "teal" },
  request_count: { color: "blue" },
  used_quota: { color: "blue-grey" },
  top_model: { color: "deep-purple", ...WIDE },
  activity: { color: "indigo", state_content: ["event_type", "state"], ...WIDE },
};
const TRENDS = { balance: { features: [{ type: "trend-graph" }] } };
const DAYS = 30;
const PER_DAY = { chart_type: "bar", period: "day", stat_types: ["change"] };
const GRAPHS = {
  // A sensor has "state" in money and "mean" in points; the card draws what there is.
  balance: { chart_type: "line", period: "hour", stat_types: ["state", "mean"] },
  used_quota: PER_DAY,
  request_count: PER_DAY,
};
// What was spent, of which the most expensive models stand out.
const PER_DAY_AND_MODEL = { ...PER_DAY, chart_type: "bar-stack", hide_legend: false };
const PER_HOUR_AND_MODEL = {
  ...PER_DAY_AND_MODEL,
  period: "hour",
  days_to_show: 2,
  hide_legend: true,
};
const MODEL_COLORS = ["indigo", "orange", "teal", "pink", "light-blue"];
const OTHER_COLOR = "grey";
const MODELS_OF_MONTH = 6;

const accountEntities = (hass) =>
  Object.values(hass.entities).filter(
    (entity) => entity.platform === DOMAIN && entity.device_id && !entity.hidden,
  );

// Accounts at one gateway have one name, and get numbers in the order they came in.
const accounts = (hass) => {
  const ids = new Set(accountEntities(hass).map((each) => each.device_id));
  const seen = {};
  return [...ids]
    .map((id) => hass.devices[id])
    .filter(Boolean)
    .sort((a, b) => a.created_at - b.created_at)
    .map(({ id, name, name_by_user: given }) => {
      const title = given || name || "";
      seen[title] = (seen[title] ?? 0) + 1;
      return { id, title: seen[title] > 1 ? `${title} ${seen[title]}` : title };
    })
    .sort((a, b) =>
      a.title.localeCompare(b.title, hass.locale.language, { numeric: true }),
    );
};

// What statistics changed by in each day, or month, from the one of a moment on.
const changes = async (hass, ids, period, start) => {
  try {
    return await hass.callWS({
      type: "recorder/statistics_during_period",
      start_time: new Date(start).toISOString(),
      period,
      types: ["change"],
      statistic_ids: ids,
    });
  } catch {
    return {}; // without a recorder
  }
};

const spent = (rows = [], since = 0) =>
  rows.reduce((sum, { end, change }) => (end > since ? sum + (change ?? 0) : sum), 0);

// The most expensive first.
const ranked = (series, rows) =>
  series
    .filter(({ entity }) => spent(rows[entity]) > 0)
    .sort((a, b) => spent(rows[b.entity]) - spent(rows[a.entity]));

// One day is no graph.
const isDrawn = (days = []) => days.length > 1;

const heading = (text, icon, badge) => ({
  type: "heading",
  heading: text,
  icon,
  ...(badge && { badges: [{ type: "entity", entity: badge }] }),
});

// What is not known yet is no tile.
const tile = (entity, options) => ({
  type: "tile",
  entity,
  name: { type: "entity" },
  visibility: [{ condition: "state", entity, state_not: "unknown" }],
  ...options,
});

const alertTile = (entity) =>
  tile(entity, {
    color: "red",
    ...WIDE,
    visibility: [{ condition: "state", entity, state: "on" }],
  });

const graph = (entities, title, options) => ({
  type: "statistics-graph",
  title,
  entities,
  days_to_show: DAYS,
  hide_legend: true,
  ...options,
  grid_options: { columns: 12, rows: options.hide_legend === false ? 6 : 4 },
});

const monthCard = ({ entity, name }) => ({
  type: "statistic",
  entity,
  name,
  stat_type: "change",
  period: { calendar: { period: "month" } },
});

const titled = (title, cards) => (cards.length ? [title, ...cards] : []);

// What the gateway recorded, as statistics that belong to no entity.
const usageOf = async (hass, attributes, texts) => {
  const { statistic_id: total, model_statistic_ids: models = {} } = attributes;
  const series = Object.entries(models).map(([name, entity]) => ({ entity, name }));
  const other = { entity: attributes.other_statistic_id, name: texts.other };
  const ids = [total, other.entity, ...Object.values(models)].filter(Boolean);
  const now = Date.now();
  const days = await changes(hass, ids, "day", now - DAYS * DAY);
  const months = await changes(hass, ids, "month", now);
  // All of them, so that a bar is as high as what was spent.
  const stack = [...ranked(series, days), ...ranked([other], days)].map(
    (each, index) => ({ ...each, color: MODEL_COLORS[index] ?? OTHER_COLOR }),
  );
  const recent = stack.filter(({ entity }) => spent(days[entity], now - 2 * DAY));
  const perDay = stack.length
    ? graph(stack, texts.used_quota, PER_DAY_AND_MODEL)
    : graph([{ entity: total, name: texts.total }], texts.used_quota, PER_DAY);
  return {
    graphs: [
      ...(isDrawn(days[total]) ? [perDay] : []),
      ...(recent.length
        ? [graph(recent, texts.spent_per_hour, PER_HOUR_AND_MODEL)]
        : []),
    ],
    month: ranked(series, months).slice(0, MODELS_OF_MONTH).map(monthCard),
  };
};

const accountView = async (hass, { id, title }) => {
  const entities = accountEntities(hass).filter((each) => each.device_id === id);
  const ids = Object.fromEntries(
    entities.map((each) => [each.translation_key, each.entity_id]),
  );
  const all = (keys, card) =>
    keys.filter((key) => key in ids).map((key) => card(ids[key], key));
  const localize = await hass.loadBackendTranslation("selector", DOMAIN);
  const option = (selector, key) =>
    localize(`component.${DOMAIN}.selector.${selector}.options.${key}`);
  const name = (key) => option("graph", key);
  const usage = await usageOf(hass, hass.states[ids[RECORDS]]?.attributes ?? {}, {
    used_quota: name("used_quota"),
    spent_per_hour: name("spent_per_hour"),
    total: option("usage_series", "total"),
    other: option("usage_series", "other"),
  });
  const sensors = all(Object.keys(GRAPHS), (entity) => entity);
  const days = await changes(hass, sensors, "day", Date.now() - DAYS * DAY);
  const graphs = (keys) =>
    all(keys, (entity, key) =>
      graph([{ entity, name: { type: "entity" } }], name(key), GRAPHS[key]),
    ).filter(({ entities: [{ entity }] }) => isDrawn(days[entity]));
  const word = (key) => hass.localize(`ui.dialogs.more_info_control.${key}`);
  const placed = [LEVEL, ...ALERTS, ...Object.keys(TILES)];
  const details = entities
    .filter((each) => !placed.includes(each.translation_key))
    .sort((a, b) => Boolean(a.entity_category) - Boolean(b.entity_category));
  const month = `component.${DOMAIN}.entity.sensor.spent_this_month.name`;
  const sections = [
    [
      heading(title, ICON, ids[LEVEL]),
      ...all(ALERTS, alertTile),
      ...all(Object.keys(TILES), (entity, key) =>
        tile(entity, { ...TILES[key], ...(days[entity] && TRENDS[key]) }),
      ),
      ...graphs(["balance"]),
      ...titled(heading(localize(month), "mdi:calendar-month"), usage.month),
    ],
    [
      ...titled(heading(word("history"), "mdi:chart-bar"), [
        ...(usage.graphs.length ? usage.graphs : graphs(["used_quota"])),
        ...graphs(["request_count"]),
      ]),
      ...titled(
        heading(word("details"), "mdi:information-outline"),
        details.map((each) => tile(each.entity_id)),
      ),
    ],
  ];
  return {
    type: "sections",
    max_columns: 2,
    sections: sections
      .filter((cards) => cards.length)
      .map((cards) => ({ type: "grid", cards })),
  };
};

const emptyView = async (hass) => {
  const localize = await hass.loadBackendTranslation("config", DOMAIN);
  const button = {
    type: "button",
    icon: "mdi:wallet-plus",
    name: localize(`component.${DOMAIN}.config.initiate_flow.user`),
    tap_action: {
      action: "navigate",
      navigation_path: `/config/integrations/dashboard/add?domain=${DOMAIN}`,
    },
  };
  return { type: "sections", sections: [{ type: "grid", cards: [button] }] };
};

// Asked at every change of any state.
let known = {};
const recordEntities = (hass) => {
  if (known.entities !== hass.entities) {
    const found = accountEntities(hass).filter((e) => e.translation_key === RECORDS);
    known = { entities: hass.entities, ids: found.map((each) => each.entity_id) };
  }
  return known.ids;
};

class AccountView extends HTMLElement {
  static registryDependencies = ["entities", "devices"];

  // The first reading of the records makes the series, some seconds after the entities.
  static shouldRegenerate(config, before, now) {
    return (
      this.registryDependencies.some((key) => before[key] !== now[key]) ||
      recordEntities(now).some(
        (id) => before.states[id]?.attributes !== now.states[id]?.attributes,
      )
    );
  }

  static async generate({ device_id: chosen }, hass) {
    const account = accounts(hass).find(({ id }) => !chosen || id === chosen);
    return account ? accountView(hass, account) : emptyView(hass);
  }
}

class AccountDashboard extends HTMLElement {
  static registryDependencies = ["entities", "devices"];

  static async generate({ device_id: chosen }, hass) {
    const shown = accounts(hass).filter(({ id }) => !chosen || id === chosen);
    const views = shown.map(({ id, title }) => ({
      title,
      path: id,
      strategy: { type: `custom:${TYPE}`, device_id: id },
    }));
    return { views: views.length ? views : [await emptyView(hass)] };
  }

  static async getCreateSuggestions(hass) {
    const localize = await hass.loadBackendTranslation("title", DOMAIN);
    return { title: localize(`component.${DOMAIN}.title`), icon: ICON };
  }
}

const offer = () => {
  // A new version is loaded into pages that still have the old one.
  if (customElements.get(`ll-strategy-dashboard-${TYPE}`)) {
    return;
  }
  customElements.define(`ll-strategy-view-${TYPE}`, AccountView);
  customElements.define(`ll-strategy-dashboard-${TYPE}`, AccountDashboard);

  const localize = (key) =>
    document.querySelector("home-assistant").hass?.localize(`component.${DOMAIN}.${key}`);
  window.customStrategies ||= [];
  window.customStrategies.push({
    type: TYPE,
    strategyType: "dashboard",
    // Read when the dialog opens: only then the language is known.
    get name() {
      return localize("title") || "LLM Gateway Account";
    },
    get description() {
      return ["balance", "spent_today", "days_remaining", "request_count"]
        .map((key) => localize(`entity.sensor.${key}.name`))
        .filter(Boolean)
        .join(" · ");
    },
  });
};

// The frontend puts a registry of elements of its own in the place of the browser's;
// what came before that, it never finds.
customElements.whenDefined("home-assistant").then(offer);
