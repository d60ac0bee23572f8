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
    // A key is a device of its own, below that of its account.
    .filter((device) => device && !device.parent_device_id)
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
