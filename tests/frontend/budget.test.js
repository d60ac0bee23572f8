import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { idsOf } from "../../custom_components/llm_gateway_account/frontend/accounts.js";
import { budgetCards, isOfBudget } from "../../custom_components/llm_gateway_account/frontend/budget.js";
import { account, hassOf } from "./hass.js";
import { rendered } from "./render.js";

const MONEY = { unit_of_measurement: "USD", device_class: "monetary" };

const budgetOf = (period, { budget = 10, left = "4.00", projected = "8.00" } = {}) => ({
  [`${period}_budget_used`]: { state: "60" },
  [`${period}_budget_left`]: { state: left, attributes: { ...MONEY, budget }, display_precision: 2 },
  [`${period}_budget_projected`]: projected && { state: projected, attributes: MONEY },
});

const cardsOf = (hass) => budgetCards(hass, idsOf(hass, "a"), () => "Budget");

const shownOf = async (entities) => {
  const hass = hassOf([account("a", entities)]);
  const [, { content }] = await cardsOf(hass);
  return rendered(hass, content);
};

const barOf = (shown) => /<font color="(\w+)">(.*?)<\/font>/.exec(shown).slice(1);

test("without a budget there is no heading", async () => {
  assert.deepEqual(await cardsOf(hassOf([account("a")])), []);
});

test("entities of budgets are known as such, and others are not", () => {
  const keys = ["daily_budget_used", "monthly_budget_left", "over_daily_budget"];
  assert.ok(keys.every(isOfBudget));
  assert.ok(!["balance", "budgeting", null, undefined].some(isOfBudget));
});

describe("a bar ends with the budget, or with what it will cost", () => {
  for (const [state, color, bar] of [
    [{ left: "10.00", projected: "0.00" }, "green", "░".repeat(20)],
    [{}, "green", "█".repeat(12) + "▒".repeat(4) + "░".repeat(4)],
    [{ projected: null }, "green", "█".repeat(12) + "░".repeat(8)],
    [{ projected: "unknown" }, "green", "█".repeat(12) + "░".repeat(8)],
    [{ projected: "20.00" }, "darkorange", "█".repeat(6) + "▒".repeat(4) + "┃" + "▒".repeat(10)],
    [{ left: "-10.00", projected: "40.00" }, "red", "█".repeat(5) + "┃" + "█".repeat(5) + "▒".repeat(10)],
    [{ left: "12.00", projected: "0.00" }, "green", "░".repeat(20)],
  ]) {
    test(JSON.stringify(state), async () => {
      assert.deepEqual(barOf(await shownOf(budgetOf("monthly", state))), [color, bar]);
    });
  }
});

test("amounts stand below it, and what is expected only where that is known", async () => {
  const shown = await shownOf(budgetOf("monthly"));
  assert.match(shown, /\*\*Monthly budget used: 60 %\*\* \(\$6\.00 \/ \$10\.00\)/);
  assert.match(shown, /\)\n\nProjected monthly cost: \$8\.00/);
  const unknown = await shownOf(budgetOf("monthly", { projected: "unknown" }));
  assert.doesNotMatch(unknown, /Projected/);
});

test("a budget of which nothing is known yet has no bar", async () => {
  assert.equal((await shownOf(budgetOf("daily", { left: "unknown" }))).trim(), "");
});

test("the day comes before the month", async () => {
  const shown = await shownOf({ ...budgetOf("monthly"), ...budgetOf("daily") });
  assert.ok(shown.indexOf("Daily budget") < shown.indexOf("Monthly budget"));
  assert.match(shown, /daily cost: \$8\.00\n\n<font/);
});
