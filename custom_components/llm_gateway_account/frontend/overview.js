// One look at several accounts: is there money, for how long, and where does it go.

import { LEVEL, RECORDS, idsOf } from "./accounts.js";
import {
  ICON,
  LEVELS,
  PER_DAY,
  REPAIRS,
  STACKED,
  WIDE,
  balanceTile,
  graph,
  heading,
  inColors,
  inRows,
  planTiles,
  tile,
  topUpTile,
  troubles,
  view,
} from "./cards.js";
import { moneyMacro } from "./format.js";
import { changesByDay, isDrawn, ranked } from "./statistics.js";
import { inLanguageOfPerson, namesOf, wordsOf } from "./texts.js";
import { outlook } from "./words.js";

const AMOUNTS = ["balance", "spent_today", "spent_this_month"];
// Where somebody set one.
const BUDGETS = ["daily_budget_left", "monthly_budget_left"];
const TILES = {
  spent_today: { color: "orange" },
  spent_this_month: { color: "orange" },
  daily_budget_used: { color: "indigo" },
  monthly_budget_used: { color: "indigo" },
};

const FULL = { grid_options: { columns: "full" } };

// Of any of its amounts, since each may be hidden.
const amountOf = ({ ids }) => AMOUNTS.map((key) => ids[key]).find(Boolean);

const unitOf = (hass, account) =>
  hass.states[amountOf(account)]?.attributes.unit_of_measurement ?? "";

// Summed up where it is shown, so that the sum is never older than its parts.
const sumOf = (accounts, key, ofAll) => {
  const entities = JSON.stringify(accounts.map(({ ids }) => ids[key]).filter(Boolean));
  return (
    `{% set s = ${entities} | map("states") | select("is_number") | map("float") | list %}` +
    `{{ money(s | sum) if s else "-" }}` +
    `{% if s | count < ${accounts.length} %} (${ofAll}){% endif %}`
  );
};

const sums = (hass, currencies, columns, name, word) => ({
  type: "markdown",
  content: [
    `| | ${columns.map(name).join(" | ")} |`,
    `| --- |${" ---: |".repeat(columns.length)}`,
    ...Object.entries(currencies).map(([currency, accounts]) => {
      const ofAll = word("of_accounts", {
        known: "{{ s | count }}",
        all: accounts.length,
      });
      const cells = columns.map((key) => sumOf(accounts, key, ofAll));
      return `${moneyMacro(hass, amountOf(accounts[0]))}| **${currency}** | ${cells.join(" | ")} |`;
    }),
  ].join("\n"),
  ...FULL,
});

// What each account spent per day; of the records where there are any.
const spendingOf = async (hass, accounts) => {
  const series = accounts
    .map(({ title: name, ids }) => ({
      entity: hass.states[ids[RECORDS]]?.attributes.statistic_id ?? ids.used_quota,
      name,
    }))
    .filter(({ entity }) => entity);
  const days = await changesByDay(
    hass,
    series.map(({ entity }) => entity),
  );
  const drawn = ranked(series, days);
  return drawn.some(({ entity }) => isDrawn(days[entity])) ? drawn : [];
};

const spending = (drawn, title) =>
  graph(inColors(drawn), title, {
    ...(drawn.length > 1 ? STACKED : PER_DAY),
    ...FULL,
  });

// With a level or a connection, all is made anew; and the server watches every condition
// of a page, which is a lot for many accounts.
const ofNow = ({ states }, cards) =>
  cards
    .filter(({ visibility: [{ entity, state }] }) => [state].flat().includes(states[entity]?.state))
    .map(({ visibility, ...card }) => card);

const row = (hass, { id, title, ids }, word) => {
  const path = `/${location.pathname.split("/")[1]}/${id}`;
  return [
    heading(title, ICON, ids[LEVEL], {
      tap_action: { action: "navigate", navigation_path: path },
    }),
    ...ofNow(hass, [
      ...troubles(ids, word),
      ...(ids[LEVEL]
        ? [topUpTile(hass, ids, word("top_up"), hass.devices[id].configuration_url)]
        : []),
    ]),
    ...(ids.balance ? [balanceTile(hass, ids, WIDE)] : []),
    ...inRows(
      hass,
      Object.keys(TILES)
        .filter((key) => key in ids)
        .map((key) => tile(ids[key], TILES[key])),
    ),
    ...planTiles(ids),
    // What was spent today stands above.
    ...outlook(hass, { ...ids, spent_today: undefined }, word),
  ];
};

// Who needs money comes first.
const byNeed = (hass) => {
  const need = ({ ids }) => LEVELS.indexOf(hass.states[ids[LEVEL]]?.state);
  return (a, b) => need(b) - need(a);
};

export const overviewView = async (hass, shown) => {
  const accounts = shown
    .map((each) => ({ ...each, ids: idsOf(hass, each.id) }))
    .sort(byNeed(hass));
  const currencies = Object.groupBy(accounts, (each) => unitOf(hass, each));
  // Each is an answer to wait for.
  const [option, name, ...spent] = await Promise.all([
    wordsOf(hass),
    namesOf(hass),
    ...Object.values(currencies).map((each) => spendingOf(hass, each)),
  ]);
  const word = (key, values) => option("graph", key, values);
  const columns = [
    ...AMOUNTS,
    ...BUDGETS.filter((key) => accounts.some(({ ids }) => key in ids)),
  ];
  return inLanguageOfPerson(
    hass,
    view(
      accounts.map((account) => row(hass, account, word)),
      [
        { ...REPAIRS, ...FULL },
        heading(word("all_accounts"), "mdi:sigma"),
        sums(hass, currencies, columns, name, word),
        ...spent
          .filter((drawn) => drawn.length)
          .map((drawn) => spending(drawn, word("used_quota"))),
      ],
    ),
  );
};
