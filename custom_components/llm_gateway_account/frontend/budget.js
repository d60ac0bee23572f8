// The budgets of an account: what was spent of each, and what it will cost in the end.

import { WIDE, heading } from "./cards.js";
import { moneyMacro } from "./format.js";
import { namesOf } from "./texts.js";

const PERIODS = ["daily", "monthly"];

// What other cards need not say.
export const isOfBudget = (key) => /_budget(_|$)/.test(key ?? "");

// A bar is so long, up to the end of the budget or of what it will cost.
const CELLS = 20;
const SPENT = "█";
const PROJECTED = "▒";
const FREE = "░";
const END = "┃";

const of = (ids, period, figure) => ids[`${period}_budget_${figure}`];

// Green within the budget, orange where it will not be enough, red where it was not.
const bar = (ids, period) => {
  const [left, projected] = ["left", "projected"].map((each) => of(ids, period, each));
  return (
    `{%- set left = states("${left}") | float(none) -%}` +
    `{%- set budget = state_attr("${left}", "budget") -%}` +
    `{%- if left is not none and budget -%}` +
    `{%- set spent = [budget - left, 0] | max -%}` +
    `{%- set projected = [states("${projected}") | float(0), spent] | max -%}` +
    `{%- set cell = [budget, projected] | max / ${CELLS} -%}` +
    `{%- set color = "red" if spent > budget` +
    ` else "darkorange" if projected > budget else "green" -%}` +
    `<font color="{{ color }}">{%- for n in range(${CELLS}) -%}` +
    `{{- "${END}" if budget < projected and n == (budget / cell) | round(0) | int -}}` +
    `{{- "${SPENT}" if (n + 0.5) * cell < spent` +
    ` else "${PROJECTED}" if (n + 0.5) * cell < projected else "${FREE}" -}}` +
    `{%- endfor -%}</font>`
  );
};

const lines = (ids, period, name) => {
  const [left, projected] = ["left", "projected"].map((each) => of(ids, period, each));
  const title = name(`${period}_budget_used`);
  const end = name(`${period}_budget_projected`);
  return (
    `${bar(ids, period)}\n\n` +
    `**${title}: {{ (100 * (budget - left) / budget) | round(0) | int }} %**` +
    ` ({{ money(budget - left) }} / {{ money(budget) }})` +
    (projected
      ? `{% if states("${projected}") | is_number %}` +
        `\n\n${end}: {{ money(projected) }}{% endif %}`
      : "") +
    `\n\n{% endif -%}`
  );
};

export const budgetCards = async (hass, ids, word) => {
  const periods = PERIODS.filter((period) => of(ids, period, "left"));
  if (!periods.length) {
    return [];
  }
  const name = await namesOf(hass);
  const content =
    moneyMacro(hass, of(ids, periods[0], "left")) +
    periods.map((period) => lines(ids, period, name)).join("");
  return [
    heading(word("budget"), "mdi:target"),
    { type: "markdown", content, show_empty: false, ...WIDE },
  ];
};
