import assert from "node:assert/strict";
import { describe, test } from "node:test";

import {
  dayMacro,
  escaped,
  moneyMacro,
  timeFormat,
  weekdayMacro,
} from "../../custom_components/llm_gateway_account/frontend/format.js";
import { account, entityOf, hassOf } from "./hass.js";
import { rendered } from "./render.js";

const BALANCE = entityOf("a", "balance");

const balanceIn = (locale, unit, precision) =>
  hassOf(
    [
      account("a", {
        balance: {
          state: "1",
          attributes: { unit_of_measurement: unit },
          display_precision: precision,
        },
      }),
    ],
    { language: locale.language, locale },
  );

const written = async (amount, locale, unit = "USD", precision = 2) => {
  const hass = balanceIn(locale, unit, precision);
  return rendered(hass, `${moneyMacro(hass, BALANCE)}{{ money(${amount}) }}`);
};

// As Home Assistant writes the state of an entity.
const asState = (amount, { language, number_format: chosen }, unit = "USD", digits = 2) => {
  const locales = {
    comma_decimal: "en-US",
    decimal_comma: "de",
    space_comma: "fr",
    quote_decimal: "de-CH",
    system: undefined,
    none: "en-US",
  };
  const options = {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    ...(chosen === "none" && { useGrouping: false }),
  };
  const locale = chosen in locales ? locales[chosen] : language;
  try {
    return new Intl.NumberFormat(locale, { ...options, style: "currency", currency: unit }).format(
      amount,
    );
  } catch {
    return `${new Intl.NumberFormat(locale, options).format(amount)} ${unit}`;
  }
};

describe("an amount is written as Home Assistant shows a state", () => {
  const choices = [
    "language",
    "system",
    "comma_decimal",
    "decimal_comma",
    "space_comma",
    "quote_decimal",
    "none",
  ];
  const languages = ["en", "de", "es", "fr", "ja", "ko", "pt-BR", "ru", "zh-Hans", "zh-Hant"];
  for (const language of languages) {
    test(`in ${language}, however numbers are chosen to be written`, async () => {
      for (const number_format of choices) {
        for (const [unit, digits] of [["USD", 2], ["CNY", 2], ["JPY", 0], ["XXX", 2], ["points", 0]]) {
          for (const amount of [0, 0.6, 12.22, 1234.56, 9999.996, 12345.67, 1234567]) {
            const locale = { language, number_format };
            assert.equal(
              await written(amount, locale, unit, digits),
              asState(amount, locale, unit, digits),
              `${number_format} ${unit} ${amount}`,
            );
          }
        }
      }
    });
  }
});

test("more than is there has its minus in front", async () => {
  const locale = { language: "en", number_format: "language" };
  assert.equal(await written(-1234.5, locale), "-$1,234.50");
});

test("an amount has two digits where nobody chose another number of them", async () => {
  const locale = { language: "en", number_format: "language" };
  assert.equal(await written(1.239, locale, "USD", null), "$1.24");
});

test("an account that has no balance yet has amounts without a unit", async () => {
  const hass = hassOf([account("a", { balance: null })]);
  assert.equal((await rendered(hass, `${moneyMacro(hass, BALANCE)}{{ money(2) }}`)).trim(), "2.00");
});

test("days are called as in the language of the person", async () => {
  const days = { en: "Friday, November 27", de: "Freitag, 27. November", "zh-Hans": "星期五, 11月27日" };
  for (const [language, day] of Object.entries(days)) {
    const hass = hassOf([], { language });
    const content = `${weekdayMacro(hass)}${dayMacro(hass)}{{ weekday(now()) }}, {{ day(now()) }}`;
    assert.equal(await rendered(hass, content), day);
  }
});

test("days are those of the calendar of the server, in digits that a template writes", async () => {
  const hass = hassOf([], { language: "fa" });
  assert.match(await rendered(hass, `${dayMacro(hass)}{{ day(now()) }}`), /27/);
});

test("the time of day has the hours that a person chose", () => {
  const hours = (language, time_format) => timeFormat({ locale: { language, time_format } });
  assert.equal(hours("en", "language"), "%-I:%M %p");
  assert.equal(hours("en", "24"), "%H:%M");
  assert.equal(hours("de", "language"), "%H:%M");
  assert.equal(hours("de", "12"), "%-I:%M %p");
  assert.ok(hours("de", "system"));
});

test("a name is neither markup nor a template", async () => {
  const hass = hassOf([]);
  for (const name of ['{{ states("x") }}', "<b>|*", "[a](http://x)", "{% raw %}", "a\\b`c`\n# d"]) {
    const shown = await rendered(hass, `{% set key = ${JSON.stringify(escaped(name))} %}{{ key }}`);
    assert.doesNotMatch(shown, /[<>|*[\](){}`\\\n]/);
    const read = shown.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(code));
    assert.equal(read, name);
  }
});

test("a name in any script is read as it was written", () => {
  assert.equal(escaped("我的密钥 é हिन्दी 7"), "我的密钥 é हिन्दी 7");
  assert.equal(escaped("🔑"), "&#128273;");
});
