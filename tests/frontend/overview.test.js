import assert from "node:assert/strict";
import { test } from "node:test";

import { accounts } from "../../custom_components/llm_gateway_account/frontend/accounts.js";
import { overviewView } from "../../custom_components/llm_gateway_account/frontend/overview.js";
import { account, cardsOf, entityOf, hassOf, isSeen, ofType } from "./hass.js";
import { rendered } from "./render.js";

const inYuan = (state) => ({
  state,
  attributes: { unit_of_measurement: "CNY", device_class: "monetary" },
  display_precision: 2,
});
const YUAN = {
  balance: inYuan("50.00"),
  spent_today: inYuan("1.00"),
  spent_this_month: inYuan("9.00"),
  used_quota: inYuan("100.00"),
};

const open = async (some, options) => {
  const hass = hassOf(some, options);
  return [hass, await overviewView(hass, accounts(hass))];
};
const sumsOf = async (hass, view) => {
  const [sums] = ofType(view, "markdown").filter(({ content }) => content.startsWith("| |"));
  const [, , ...rows] = (await rendered(hass, sums.content)).trim().split("\n");
  return rows.map((row) => row.split("|").map((cell) => cell.trim()).slice(1, -1));
};

test("each account has its section, which leads to its view", async () => {
  const [, { sections }] = await open([account("a"), account("b")]);
  assert.deepEqual(
    sections.slice(0, 2).map(({ cards: [{ heading, tap_action: tap }] }) => [heading, tap.navigation_path]),
    [
      ["Gateway", "/llm-accounts/a"],
      ["Gateway 2", "/llm-accounts/b"],
    ],
  );
});

test("sums are per currency, and never of two of them", async () => {
  const [hass, view] = await open([account("a"), account("b"), account("c", YUAN)]);
  assert.deepEqual(await sumsOf(hass, view), [
    ["**USD**", "$24.44", "$0.60", "$12.00"],
    ["**CNY**", "CN¥50.00", "CN¥1.00", "CN¥9.00"],
  ]);
});

test("a sum says of how many accounts it is, where one has no answer", async () => {
  const [hass, view] = await open([account("a"), account("b")]);
  hass.states[entityOf("b", "balance")].state = "unavailable";
  const [[, balance, today]] = await sumsOf(hass, view);
  assert.equal(balance, "$12.22 (1 of 2 accounts)");
  assert.equal(today, "$0.60");
  hass.states[entityOf("a", "balance")].state = "unavailable";
  assert.equal((await sumsOf(hass, view))[0][1], "- (0 of 2 accounts)");
});

test("what is left of budgets is a sum of its own, once somebody set one", async () => {
  const MONEY = { unit_of_measurement: "USD", device_class: "monetary" };
  const budget = { monthly_budget_left: { state: "4.50", attributes: MONEY } };
  const hass = hassOf([account("a", budget), account("b")]);
  const [row] = await sumsOf(hass, await overviewView(hass, accounts(hass)));
  assert.equal(row.length, 5);
  assert.equal(row.at(-1), "$4.50 (1 of 2 accounts)");
});

test("an account whose balance is hidden is counted in its currency", async () => {
  const [hass, view] = await open([account("a"), account("b", { balance: null })]);
  assert.deepEqual(await sumsOf(hass, view), [
    ["**USD**", "$12.22 (1 of 2 accounts)", "$0.60", "$12.00"],
  ]);
});

test("spending is stacked by account, a graph per currency, the most expensive first", async () => {
  const records = {
    usage_records: { state: "x", attributes: { statistic_id: "llm_gateway_account:b_total" } },
  };
  const [, view] = await open([account("a"), account("b", records), account("c", YUAN)], {
    statistics: {
      [entityOf("a", "used_quota")]: [1, 1],
      "llm_gateway_account:b_total": [5, 5],
      [entityOf("b", "used_quota")]: [0, 1],
      [entityOf("c", "used_quota")]: [7, 7],
    },
  });
  assert.deepEqual(
    ofType(view, "statistics-graph").map(({ entities }) => entities.map(({ name }) => name)),
    [["Gateway 2", "Gateway"], ["Gateway 3"]],
  );
});

test("on the first day there is no graph of one bar", async () => {
  const [, view] = await open([account("a"), account("b")], {
    statistics: { [entityOf("a", "used_quota")]: [1] },
  });
  assert.deepEqual(ofType(view, "statistics-graph"), []);
});

test("an account of which this month is not known yet has no half-empty row", async () => {
  const [hass, view] = await open([
    account("a", { spent_this_month: { state: "unknown" } }),
    account("b"),
  ]);
  const columns = (id) =>
    cardsOf(view)
      .filter(({ entity }) => ["spent_today", "spent_this_month"].some((key) => entity === entityOf(id, key)))
      .filter((card) => !card.icon && isSeen(hass, card))
      .map(({ grid_options: grid }) => grid?.columns ?? 6);
  assert.deepEqual(columns("a"), [12]);
  // When it gets known, on the first of a month.
  hass.states[entityOf("a", "spent_this_month")].state = "0.10";
  assert.deepEqual(columns("a"), [12, 12]);
  assert.deepEqual(columns("b"), [6, 6]);
});

test("a refused token is one tile of its account", async () => {
  const [hass, { sections }] = await open([
    account("a", { connection: { state: "token_refused" } }),
    account("b"),
  ]);
  const troubles = sections.map(({ cards }) =>
    cards.filter(({ color, ...card }) => color === "red" && isSeen(hass, card)).length,
  );
  assert.deepEqual(troubles, [1, 0, 0]);
});

test("an account of hidden entities only has what is left of it", async () => {
  const connection = { connection: { state: "connected" } };
  const [, view] = await open([account("a"), { id: "b", device: { name: "B" }, entities: connection }]);
  for (const card of cardsOf(view)) {
    assert.ok(!("entity" in card) || card.entity, card.type);
  }
});

test("who needs money comes first, the others as they are called", async () => {
  const level = (state) => ({ balance_level: { state, attributes: { full: 20 } } });
  const [, { sections }] = await open([
    account("a", level("ok")),
    account("b", level("unavailable")),
    account("c", level("critical")),
    account("d", level("ok")),
    account("e", level("exhausted")),
  ]);
  const ids = sections.map(({ cards: [{ tap_action: tap }] }) => tap?.navigation_path.at(-1));
  assert.deepEqual(ids.slice(0, 5), ["e", "c", "a", "d", "b"]);
});
