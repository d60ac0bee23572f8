// The `hass` object, as Home Assistant's frontend has it, of accounts that a test names.

import { readFileSync } from "node:fs";

export const DOMAIN = "llm_gateway_account";
export const FRONTEND = new URL(
  `../../custom_components/${DOMAIN}/frontend/`,
  import.meta.url,
);

// Of the browser; Node has others, or none.
const define = (name, value) => Object.defineProperty(globalThis, name, { value });
define("localStorage", {});
define("location", { pathname: "/llm-accounts/overview" });

const CATEGORY = /^component\.[^.]+\.([^.]+)/;
const KINDS = ["sensor", "binary_sensor", "event"];
const WORDS = { history: "History", details: "Details" };

const flat = (tree, path) =>
  typeof tree === "string"
    ? { [path]: tree }
    : Object.assign({}, ...Object.keys(tree).map((key) => flat(tree[key], `${path}.${key}`)));

const translations = {};

// What the backend has of a language.
export const textsIn = (language) =>
  (translations[language] ??= flat(
    JSON.parse(readFileSync(new URL(`../translations/${language}.json`, FRONTEND))),
    `component.${DOMAIN}`,
  ));

const kindOf = (key) =>
  KINDS.find((kind) => `component.${DOMAIN}.entity.${kind}.${key}.name` in textsIn("en"));

const MONEY = { unit_of_measurement: "USD", device_class: "monetary" };
const money = (state) => ({ state, attributes: MONEY, display_precision: 2 });

// What every account has, and what it says.
export const ENTITIES = {
  activity: { state: "unknown", attributes: { event_types: ["topped_up", "balance_low"] } },
  average_daily_spending: money("0.40"),
  balance: money("12.22"),
  balance_level: {
    state: "ok",
    attributes: { full: 20, low_below: 4, critical_below: 1 },
  },
  connection: { state: "connected", entity_category: "diagnostic" },
  days_remaining: { state: "30" },
  group: { state: "default", entity_category: "diagnostic" },
  request_count: { state: "100" },
  runs_out_at: { state: "2026-12-24T12:00:00+00:00" },
  spent_this_month: money("6.00"),
  spent_today: money("0.30"),
  unusual_spending: { state: "off" },
  used_quota: money("88.00"),
};

// Those of `ENTITIES`, changed or left out (by `null`), and more.
export const account = (id, changes = {}, device = {}) => {
  const entities = Object.entries({ ...ENTITIES, ...changes }).filter(([, each]) => each);
  return { id, device, entities: Object.fromEntries(entities) };
};

export const keyOf = (id, parent, name, entities) => ({
  id,
  device: { name, parent_device_id: parent },
  entities,
});

// The id of an entity of a device.
export const entityOf = (id, key) => `${kindOf(key)}.${id}_${key}`;

// A page that a person looks at. `statistics` has by id what changed in the latest days.
export const hassOf = (accounts, options = {}) => {
  const { language = "en", server = "en", locale, components = ["energy"] } = options;
  const hass = {
    language,
    locale: { language, number_format: "language", time_format: "language", ...locale },
    config: { language: server, components },
    connection: {},
    devices: {},
    entities: {},
    states: {},
    asked: [],
    localize: (key) => WORDS[key.split(".").at(-1)] ?? textsIn(language)[key] ?? "",
  };
  const registry = {};
  for (const [index, { id, device, entities }] of accounts.entries()) {
    hass.devices[id] = {
      id,
      name: "Gateway",
      name_by_user: null,
      parent_device_id: null,
      configuration_url: `https://${id}.example`,
      created_at: index,
      ...device,
    };
    for (const [key, { state, attributes = {}, name = null, ...entity }] of Object.entries(entities)) {
      const entity_id = entityOf(id, key);
      hass.entities[entity_id] = {
        entity_id,
        platform: DOMAIN,
        device_id: id,
        translation_key: key,
        ...entity,
      };
      hass.states[entity_id] = { entity_id, state, attributes };
      registry[entity_id] = { entity_id, translation_key: key, name };
    }
  }
  const answers = {
    "frontend/get_translations": ({ language: asked, category }) => ({
      resources: Object.fromEntries(
        Object.entries(textsIn(asked)).filter(([key]) => CATEGORY.exec(key)[1] === category),
      ),
    }),
    "config/entity_registry/get_entries": ({ entity_ids: ids }) =>
      Object.fromEntries(ids.map((id) => [id, registry[id] ?? null])),
    "recorder/statistics_during_period": ({ statistic_ids: ids }) => {
      if (!options.statistics) {
        throw { code: "unknown_command", message: "Unknown command." };
      }
      return Object.fromEntries(
        ids
          .filter((id) => id in options.statistics)
          .map((id) => [id, rowsOf(options.statistics[id])]),
      );
    },
  };
  hass.callWS = async (message) => {
    hass.asked.push(message);
    return answers[message.type](message);
  };
  return hass;
};

const DAY = 86_400_000;

// One for each of the latest days, the last of which is not over.
const rowsOf = (changes) =>
  changes.map((change, index) => {
    const end = Date.now() + (index - changes.length + 2) * DAY;
    return { start: end - DAY, end, change };
  });

// All cards of a view or section, from top to bottom.
export const cardsOf = ({ sections = [], cards = [] }) => [...sections.flatMap(cardsOf), ...cards];

export const ofType = (config, type) => cardsOf(config).filter((card) => card.type === type);

// What one sees: a card whose conditions are met by the states.
export const isSeen = ({ states }, { visibility = [] }) => visibility.every((each) => isMet(states, each));

const isMet = (states, { condition, ...bounds }) => {
  const state = states[bounds.entity]?.state ?? "unavailable";
  const among = (some) => [some].flat().includes(state);
  return {
    and: () => bounds.conditions.every((each) => isMet(states, each)),
    or: () => bounds.conditions.some((each) => isMet(states, each)),
    not: () => !bounds.conditions.some((each) => isMet(states, each)),
    state: () => ("state" in bounds ? among(bounds.state) : !among(bounds.state_not)),
    numeric_state: () =>
      Number(state) > (bounds.above ?? -Infinity) && Number(state) < (bounds.below ?? Infinity),
  }[condition]();
};
