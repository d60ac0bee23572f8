// The texts of the integration, in the language of the person.

import { DOMAIN, accountEntities } from "./accounts.js";

const loaded = {};

// Not by `hass.loadBackendTranslation`, which does not wait for what another part of the
// page is loading already.
const load = async (hass, category) => {
  const { resources } = await hass.callWS({
    type: "frontend/get_translations",
    language: hass.language,
    category,
    integration: [DOMAIN],
  });
  return resources;
};

// A text of a category, by its key; placeholders are those of the texts here, `{name}`.
export const textsOf = async (hass, category) => {
  const key = `${hass.language} ${category}`;
  loaded[key] ??= load(hass, category).catch((error) => {
    delete loaded[key]; // the next one tries again
    throw error;
  });
  const texts = await loaded[key];
  return (path, values = {}) =>
    texts[`component.${DOMAIN}.${path}`]?.replace(
      /{(\w+)}/g,
      (whole, name) => values[name] ?? whole,
    );
};

// The words of the dashboard.
export const wordsOf = async (hass) => {
  const text = await textsOf(hass, "selector");
  return (selector, key, values) => text(`selector.${selector}.options.${key}`, values);
};

// The names of the entities.
export const namesOf = async (hass) => {
  const text = await textsOf(hass, "entity");
  return (key) =>
    ["sensor", "binary_sensor", "event"]
      .map((kind) => text(`entity.${kind}.${key}.name`))
      .find(Boolean);
};

// What may happen to an account.
export const eventNamesOf = async (hass, activity) => {
  const text = await textsOf(hass, "entity");
  const states = "entity.event.activity.state_attributes.event_type.state";
  const types = hass.states[activity]?.attributes.event_types ?? [];
  return Object.fromEntries(types.map((type) => [type, text(`${states}.${type}`)]));
};

// Home Assistant names entities in the language of the server. Names that nobody
// changed are put into that of the person.
export const inLanguageOfPerson = async (hass, config) => {
  if (hass.language === hass.config.language) {
    return config;
  }
  const ids = accountEntities(hass).map((each) => each.entity_id);
  const entries = await hass.callWS({
    type: "config/entity_registry/get_entries",
    entity_ids: ids,
  });
  const name = await namesOf(hass);
  return JSON.parse(JSON.stringify(config), (_, card) => {
    const entry = card?.name?.type === "entity" && entries[card.entity];
    return entry && !entry.name ? { ...card, name: name(entry.translation_key) } : card;
  });
};
