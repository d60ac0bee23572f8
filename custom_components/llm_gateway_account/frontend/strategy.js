// A dashboard of the accounts, made of built-in cards from what Home Assistant knows.

const DOMAIN = "llm_gateway_account";
const TYPE = "llm-gateway-account";
const ICON = "mdi:wallet";
const WIDE = { grid_options: { columns: 12 } };

// By the keys of the entities, which stay when entities are renamed.
const LEVEL = "balance_level";
const ALERTS = ["low_balance", "unusual_spending"];
const TILES = {
  balance: { color: "green", features: [{ type: "trend-graph" }], ...WIDE },
  spent_today: { color: "orange" },
  spent_this_month: { color: "orange" },
  average_daily_spending: { color: "amber" },
  days_remaining: { color: "teal" },
  request_count: { color: "blue" },
  used_quota: { color: "blue-grey" },
  activity: { color: "indigo", state_content: ["event_type", "state"], ...WIDE },
};
const DAYS = 30;
const PER_DAY = { chart_type: "bar", period: "day", stat_types: ["change"] };
const GRAPHS = {
  // A sensor has "state" in money and "mean" in points; the card draws what there is.
  balance: { chart_type: "line", period: "hour", stat_types: ["state", "mean"] },
  used_quota: PER_DAY,
  request_count: PER_DAY,
};

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

// What has no statistics yet, in the first hour, gets no empty graph.
const withStatistics = async (hass, ids) => {
  try {
    const known = await hass.callWS({
      type: "recorder/statistics_during_period",
      start_time: new Date(Date.now() - DAYS * 86_400_000).toISOString(),
      period: "day",
      types: ["state"],
      statistic_ids: ids,
    });
    return ids.filter((id) => known[id]?.length);
  } catch {
    return []; // without a recorder
  }
};

const heading = (text, icon, badge) => ({
  type: "heading",
  heading: text,
  icon,
  ...(badge && { badges: [{ type: "entity", entity: badge }] }),
});

const tile = (entity, options) => ({
  type: "tile",
  entity,
  name: { type: "entity" },
  ...options,
});

const alertTile = (entity) =>
  tile(entity, {
    color: "red",
    ...WIDE,
    visibility: [{ condition: "state", entity, state: "on" }],
  });

const graph = (entity, title, options) => ({
  type: "statistics-graph",
  title,
  entities: [{ entity, name: { type: "entity" } }],
  days_to_show: DAYS,
  hide_legend: true,
  ...options,
  grid_options: { columns: 12, rows: 4 },
});

const titled = (title, cards) => (cards.length ? [title, ...cards] : []);

const accountView = async (hass, { id, title }) => {
  const entities = accountEntities(hass).filter((each) => each.device_id === id);
  const ids = Object.fromEntries(
    entities.map((each) => [each.translation_key, each.entity_id]),
  );
  const all = (keys, card) =>
    keys.filter((key) => key in ids).map((key) => card(ids[key], key));
  const drawn = await withStatistics(
    hass,
    all(Object.keys(GRAPHS), (entity) => entity),
  );
  const localize = await hass.loadBackendTranslation("selector", DOMAIN);
  const name = (key) => localize(`component.${DOMAIN}.selector.graph.options.${key}`);
  const graphs = (keys) =>
    all(keys, (entity, key) => graph(entity, name(key), GRAPHS[key])).filter((card) =>
      drawn.includes(card.entities[0].entity),
    );
  const word = (key) => hass.localize(`ui.dialogs.more_info_control.${key}`);
  const placed = [LEVEL, ...ALERTS, ...Object.keys(TILES)];
  const details = entities
    .filter((each) => !placed.includes(each.translation_key))
    .sort((a, b) => Boolean(a.entity_category) - Boolean(b.entity_category));
  const sections = [
    [
      heading(title, ICON, ids[LEVEL]),
      ...all(ALERTS, alertTile),
      ...all(Object.keys(TILES), (entity, key) => tile(entity, TILES[key])),
      ...graphs(["balance"]),
    ],
    [
      ...titled(
        heading(word("history"), "mdi:chart-bar"),
        graphs(["used_quota", "request_count"]),
      ),
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

class AccountView extends HTMLElement {
  static async generate({ device_id: chosen }, hass) {
    const account = accounts(hass).find(({ id }) => !chosen || id === chosen);
    return account ? accountView(hass, account) : emptyView(hass);
  }
}

class AccountDashboard extends HTMLElement {
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
