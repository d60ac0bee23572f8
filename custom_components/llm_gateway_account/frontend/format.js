// What a template needs to write amounts and days as the person reads them.

const SAMPLE = { number: "1234567.89", whole: 7 };
const DAY_OF_SAMPLE = "28";

const text = JSON.stringify;

// `{{ money(1.5) }}` is written as Home Assistant shows the state of an entity.
export const moneyMacro = (hass, entity) => {
  const state = hass.states[entity];
  const shown = state ? hass.formatEntityState(state, SAMPLE.number) : SAMPLE.number;
  const [, before, number, after] = shown.match(/^(\D*)(.*\d)(\D*)$/);
  const separators = number.match(/\D/g) ?? [];
  const digits = number.match(/\d/g).length - SAMPLE.whole;
  const decimal = digits ? separators.pop() : ".";
  return (
    `{% macro money(v) %}{{ "-" if v < 0 }}${before}` +
    `{{ "{:,.${digits}f}".format(v | abs) | replace(",", "~")` +
    ` | replace(".", ${text(decimal)}) | replace("~", ${text(separators[0] ?? "")}) }}` +
    `${after}{% endmacro %}`
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
