// What Home Assistant knows of the accounts.

export const DOMAIN = "llm_gateway_account";

// By the keys of the entities, which stay when entities are renamed.
export const LEVEL = "balance_level";
export const RECORDS = "usage_records";
export const CONNECTION = "connection";

export const accountEntities = (hass) =>
  Object.values(hass.entities).filter(
    (entity) => entity.platform === DOMAIN && entity.device_id && !entity.hidden,
  );

// Accounts at one gateway have one name, and get numbers in the order they came in.
export const accounts = (hass) => {
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

// By their keys, the entities of an account.
export const idsOf = (hass, device) =>
  Object.fromEntries(
    accountEntities(hass)
      .filter((each) => each.device_id === device)
      .map((each) => [each.translation_key, each.entity_id]),
  );

// The words of the integration, in the language of the person.
export const wordsOf = async (hass) => {
  const localize = await hass.loadBackendTranslation("selector", DOMAIN);
  return (selector, key, values) =>
    localize(`component.${DOMAIN}.selector.${selector}.options.${key}`, values);
};

// The names of the entities, in the language of the person.
export const namesOf = async (hass) => {
  const localize = await hass.loadBackendTranslation("entity", DOMAIN);
  return (key) =>
    ["sensor", "binary_sensor", "event"]
      .map((kind) => localize(`component.${DOMAIN}.entity.${kind}.${key}.name`))
      .find(Boolean);
};

// What may happen to an account, in the language of the person.
export const eventNamesOf = async (hass, activity) => {
  const localize = await hass.loadBackendTranslation("entity", DOMAIN);
  const states = `component.${DOMAIN}.entity.event.activity.state_attributes.event_type.state`;
  const types = hass.states[activity]?.attributes.event_types ?? [];
  return Object.fromEntries(types.map((type) => [type, localize(`${states}.${type}`)]));
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
