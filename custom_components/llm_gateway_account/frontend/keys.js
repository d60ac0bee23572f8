// The API keys of an account: what is left on each, and what it spent today.

import { accountEntities, idsOf } from "./accounts.js";
import { WIDE, heading, titled } from "./cards.js";
import { escaped, moneyMacro } from "./format.js";
import { namesOf, textsOf } from "./texts.js";

const STATUS = "key_status";
const REMAINING = "key_remaining";
const TODAY = "key_spent_today";

// What the frontend lets through of colors, dark or light.
const COLORS = { active: "green", disabled: "gray", expired: "gray", used_up: "red" };
const LOW_COLOR = "darkorange";

const keysOf = (hass, account) =>
  [...new Set(accountEntities(hass).map((each) => each.device_id))]
    .map((id) => hass.devices[id])
    .filter((device) => device?.parent_device_id === account)
    .map(({ id, name, name_by_user: given }) => ({
      id,
      name: given || name || "",
      ids: idsOf(hass, id),
    }))
    .filter(({ ids }) => STATUS in ids)
    .sort((a, b) =>
      a.name.localeCompare(b.name, hass.locale.language, { numeric: true }),
    );

const table = (keys, columns, words) => {
  const rows = keys.map(({ id, name, ids }) => ({
    name: escaped(name),
    id,
    status: ids[STATUS],
    left: ids[REMAINING] ?? "",
    today: ids[TODAY] ?? "",
  }));
  const titles = Object.values(columns);
  return (
    `{%- set colors = ${JSON.stringify(COLORS)} -%}` +
    `{%- set words = ${JSON.stringify(words)} -%}` +
    `{%- set keys = ${JSON.stringify(rows)} %}\n` +
    `| | ${titles.join(" | ")} |\n` +
    `| --- |${" ---: |".repeat(titles.length)}\n` +
    `{% for key in keys -%}` +
    `{%- set status, left = states(key.status), states(key.left) | float(none) -%}` +
    `{%- set low = state_attr(key.status, "low_below") -%}` +
    `{%- set is_low = status == "active" and low and left is not none and left < low -%}` +
    `| <font color="{{ "${LOW_COLOR}" if is_low else colors.get(status, "gray") }}">` +
    `<ha-icon icon="mdi:key"></ha-icon></font>` +
    ` [{{ key.name }}](/config/devices/device/{{ key.id }}) | ` +
    `{%- if status != "active" %}{{ words.get(status, "-") }}` +
    `{%- elif state_attr(key.status, "unlimited") %}{{ words.unlimited }}` +
    `{%- elif left is none %}-{% else %}{{ money(left) }}{% endif %} |` +
    (TODAY in columns
      ? `{%- set today = states(key.today) | float(none) %} ` +
        `{{ "-" if today is none else money(today) }} |`
      : "") +
    `\n{% endfor -%}`
  );
};

export const keysSection = async (hass, account, balance, word) => {
  const keys = keysOf(hass, account);
  if (!keys.length || !balance) {
    return [];
  }
  const text = await textsOf(hass, "entity");
  const status = (state) => text(`entity.sensor.${STATUS}.state.${state}`);
  const words = {
    ...Object.fromEntries(Object.keys(COLORS).map((each) => [each, status(each)])),
    unlimited: word("unlimited"),
  };
  const name = await namesOf(hass);
  const shown = [REMAINING, ...(keys.some(({ ids }) => TODAY in ids) ? [TODAY] : [])];
  const columns = Object.fromEntries(shown.map((each) => [each, name(each)]));
  const content = moneyMacro(hass, balance) + table(keys, columns, words);
  return titled(heading(word("keys"), "mdi:key-chain"), [
    { type: "markdown", content, ...WIDE },
  ]);
};
