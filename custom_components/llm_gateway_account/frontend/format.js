// What a template needs to write amounts and days as the person reads them.

const DAY_OF_SAMPLE = "28";

// Where a person chose another way to write numbers than that of their language.
const LOCALES = {
  comma_decimal: "en-US",
  decimal_comma: "de",
  space_comma: "fr",
  quote_decimal: "de-CH",
  system: undefined,
  none: "en-US",
};

const text = JSON.stringify;

const partsOfAmount = (hass, entity, amount) => {
  const { language, number_format: chosen } = hass.locale;
  const digits = hass.entities[entity]?.display_precision ?? 2;
  const unit = hass.states[entity]?.attributes.unit_of_measurement ?? "";
  const format = (options) =>
    new Intl.NumberFormat(chosen in LOCALES ? LOCALES[chosen] : language, {
      minimumFractionDigits: digits,
      maximumFractionDigits: digits,
      ...(chosen === "none" && { useGrouping: false }),
      ...options,
    }).formatToParts(amount);
  try {
    return format({ style: "currency", currency: unit });
  } catch {
    return [...format({}), { type: "unit", value: ` ${unit}` }]; // no currency
  }
};

// `{{ money(1.5) }}` is written as Home Assistant shows the state of an entity.
export const moneyMacro = (hass, entity) => {
  const parts = partsOfAmount(hass, entity, 1234567);
  const numbers = parts.map(({ type }) => ["integer", "fraction"].includes(type));
  const [first, last] = [numbers.indexOf(true), numbers.lastIndexOf(true)];
  const join = (some) => some.map(({ value }) => value).join("");
  const value = (type) => parts.find((part) => part.type === type)?.value ?? "";
  const digits = value("fraction").length;
  const grouped = `"{:,.${digits}f}"`;
  // In some languages, four digits are no group yet.
  const isShort = partsOfAmount(hass, entity, 1234).every(({ type }) => type !== "group");
  const format = isShort
    ? `("{:.${digits}f}" if v | abs | round(${digits}) < 10000 else ${grouped})`
    : grouped;
  return (
    `{% macro money(v) %}{{ "-" if v < 0 }}${join(parts.slice(0, first))}` +
    `{{ ${format}.format(v | abs) | replace(",", "~")` +
    ` | replace(".", ${text(value("decimal"))})` +
    ` | replace("~", ${text(value("group"))}) }}` +
    `${join(parts.slice(last + 1))}{% endmacro %}`
  );
};

const written = (hass, count, options, date) => {
  const locale = `${hass.locale.language}-u-ca-gregory-nu-latn`;
  const format = new Intl.DateTimeFormat(locale, { timeZone: "UTC", ...options });
  return Array.from({ length: count }, (_, index) => format.format(date(index)));
};

// `{{ weekday(at) }}`, for a template knows the days of the week by numbers only.
export const weekdayMacro = (hass) => {
  // A Monday.
  const days = written(hass, 7, { weekday: "long" }, (index) => Date.UTC(2024, 0, 1 + index));
  return `{% macro weekday(at) %}{{ ${text(days)}[at.weekday()] }}{% endmacro %}`;
};

// `{{ day(at) }}`, such as "November 28".
export const dayMacro = (hass, month = "long") => {
  const days = written(hass, 12, { month, day: "numeric" }, (index) =>
    Date.UTC(2024, index, Number(DAY_OF_SAMPLE)),
  ).map((day) => day.replace(DAY_OF_SAMPLE, "~"));
  return (
    `{% macro day(at) %}{{ ${text(days)}[at.month - 1]` +
    ` | replace("~", at.day | string) }}{% endmacro %}`
  );
};

export const timeFormat = ({ locale: { language, time_format: chosen } }) => {
  const { hour12 } = new Intl.DateTimeFormat(
    chosen === "system" ? undefined : language,
    { hour: "numeric", ...(/^\d/.test(chosen) && { hour12: chosen === "12" }) },
  ).resolvedOptions();
  return hour12 ? "%-I:%M %p" : "%H:%M";
};

// People name keys as they like; none of it is markup or a template.
export const escaped = (name) =>
  name.replace(/[^\p{L}\p{N}\p{M} ]/gu, (sign) => `&#${sign.codePointAt(0)};`);

// The same in a template, `{{ plain("*") }}`: gateways name groups as they like.
export const plainMacro =
  `{% macro plain(name) %}{% for sign in name %}` +
  `{{ sign if sign.isalnum() or sign == " " else "&#" ~ sign | ord ~ ";" }}` +
  `{% endfor %}{% endmacro %}`;
