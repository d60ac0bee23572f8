// What Home Assistant has no card for: sentences, made of states when they are shown.

import { WIDE } from "./cards.js";
import { dayMacro, moneyMacro, plainMacro, timeFormat, weekdayMacro } from "./format.js";
import { eventNamesOf } from "./texts.js";

// A week has each of its days once; after a year, a day needs one.
const DAYS_OF_WEEK = 7;
const LONGEST_DAYS = 300;

const words = (content, options) => ({
  type: "markdown",
  content,
  show_empty: false,
  ...WIDE,
  ...options,
});

const number = (entity) => `states("${entity}") | float(none)`;

// When it is disabled, the number of days tells it nearly as well.
const moment = ({ runs_out_at: at, days_remaining: days }) =>
  at
    ? `states("${at}") | as_datetime(none)`
    : `now() + timedelta(days=${number(days)}) if ${number(days)} else none`;

const runsOut = (hass, ids, word) =>
  `${weekdayMacro(hass)}${dayMacro(hass)}` +
  `{%- set at = ${moment(ids)} -%}{%- if at -%}{%- set at = at | as_local -%}` +
  `{%- set days = (at.date() - now().date()).days -%}` +
  `{%- if days < 1 -%}**${word("runs_out_today")}**` +
  `{%- elif days < ${LONGEST_DAYS} -%}{%- set day =` +
  ` weekday(at) if days < ${DAYS_OF_WEEK} else day(at) -%}` +
  `**${word("runs_out", { day: "{{ day }}" })}**{%- endif -%}{%- endif -%}`;

const todayUsually = (ids, word) => {
  const amounts = { today: "{{ money(today) }}", usual: "{{ money(usual) }}" };
  return (
    `{%- set today, usual = ${number(ids.spent_today)},` +
    ` ${number(ids.average_daily_spending)} -%}` +
    `{%- if today is not none and usual is not none %}\n\n` +
    `${word("today_usually", amounts)}{% endif -%}`
  );
};

// When the money is gone, and whether today is as other days are.
export const outlook = (hass, ids, word) => {
  const knowsEnd = ids.runs_out_at || ids.days_remaining;
  const knowsDays = ids.spent_today && ids.average_daily_spending;
  const content =
    (knowsEnd ? runsOut(hass, ids, word) : "") +
    (knowsDays ? moneyMacro(hass, ids.spent_today) + todayUsually(ids, word) : "");
  return content ? [words(content)] : [];
};

// Each with its own time, which the log has not after a restart.
export const pastEvents = async (hass, { activity, balance }, title) => {
  const names = await eventNamesOf(hass, activity);
  const content =
    `${dayMacro(hass, "short")}${moneyMacro(hass, balance)}${plainMacro}` +
    `{%- set names, unit = ${JSON.stringify(names)},` +
    ` state_attr("${balance}", "unit_of_measurement") -%}` +
    `{%- for each in state_attr("${activity}", "past_events") or [] %}\n` +
    `{%- set at, of = each.time | as_datetime | as_local, each.attributes -%}` +
    `- **{{ names[each.type] }}**{% if of.amount is defined %} ` +
    `{{ "+" if each.type == "topped_up" }}` +
    // It was another unit then.
    `{%- if of.currency | default(unit) == unit -%}{{ money(of.amount) }}` +
    `{%- else -%}{{ of.amount }} {{ of.currency }}{%- endif -%}` +
    `{%- elif of.to is defined %} {{ plain(of.to) }}{%- endif -%}` +
    `, {{ day(at) }}, {{ at.strftime("${timeFormat(hass)}") }}\n{% endfor -%}`;
  return words(content, { title });
};
