import assert from "node:assert/strict";
import { test } from "node:test";

import { idsOf } from "../../custom_components/llm_gateway_account/frontend/accounts.js";
import {
  balanceGauge,
  firstDay,
  heading,
  inColors,
  monthAndTimeLeft,
  planTiles,
  tile,
  topUpTile,
  troubles,
  unusualTile,
  view,
} from "../../custom_components/llm_gateway_account/frontend/cards.js";
import { account, entityOf, hassOf, isSeen } from "./hass.js";

const ofAccount = (changes) => {
  const hass = hassOf([account("a", changes)]);
  return { hass, ids: idsOf(hass, "a") };
};

const say = (hass, key, state) => {
  hass.states[entityOf("a", key)].state = state;
};

test("what is not known is no tile and no badge", () => {
  const { hass, ids } = ofAccount({});
  const shown = tile(ids.balance);
  const [badge] = heading("Gateway", "mdi:wallet", ids.balance).badges;
  assert.ok(isSeen(hass, shown) && isSeen(hass, badge));
  for (const state of ["unknown", "unavailable"]) {
    say(hass, "balance", state);
    assert.ok(!isSeen(hass, shown) && !isSeen(hass, badge), state);
  }
});

test("a view has no empty section", () => {
  const card = { type: "tile" };
  assert.deepEqual(
    view([[card], []]).sections.map(({ cards }) => cards),
    [[card]],
  );
});

test("six series are told apart, what comes after them is grey", () => {
  const colors = inColors(Array.from({ length: 7 }, () => ({}))).map(({ color }) => color);
  assert.equal(new Set(colors).size, 6);
  assert.deepEqual(colors.slice(5), ["grey", "grey"]);
});

const columnsOf = (cards) =>
  cards.reduce((sum, { grid_options: grid }) => sum + (grid?.columns ?? 6), 0);

test("however much is known of this month and the time left, no row is half empty", () => {
  for (const changes of [
    {},
    { days_remaining: null },
    { runs_out_at: null },
    { spent_this_month: null },
    { spent_this_month: null, runs_out_at: null },
    { spent_this_month: null, days_remaining: null },
  ]) {
    const { hass, ids } = ofAccount(changes);
    for (const month of ["6.00", "unknown"]) {
      for (const days of ["30", "0.5", "1", "unknown"]) {
        if (ids.spent_this_month) {
          say(hass, "spent_this_month", month);
        }
        if (ids.days_remaining) {
          say(hass, "days_remaining", days);
        }
        const seen = monthAndTimeLeft(ids).filter((card) => isSeen(hass, card));
        assert.equal(columnsOf(seen) % 12, 0, JSON.stringify([changes, month, days]));
      }
    }
  }
});

test("what lasts less than a day is shown as a moment", () => {
  const { hass, ids } = ofAccount({});
  const shown = () =>
    monthAndTimeLeft(ids)
      .filter((card) => isSeen(hass, card))
      .map(({ entity }) => entity);
  assert.ok(shown().includes(ids.days_remaining));
  say(hass, "days_remaining", "0.4");
  assert.ok(shown().includes(ids.runs_out_at));
  assert.ok(!shown().includes(ids.days_remaining));
});

test("the gauge goes up to the last top-up and has the limits in between", () => {
  const { hass, ids } = ofAccount({});
  const { max, segments } = balanceGauge(hass, ids);
  assert.equal(max, 20);
  assert.deepEqual(
    segments.map(({ from }) => from),
    [0, 1, 4],
  );
});

test("a bonus counts for the limits, and is not on the gauge", () => {
  const { hass, ids } = ofAccount({ bonus_balance: { state: "2.00" } });
  const { max, segments } = balanceGauge(hass, ids);
  assert.equal(max, 18);
  assert.deepEqual(
    segments.map(({ from, color }) => [from, color]),
    [
      [0, "var(--orange-color)"],
      [2, "var(--green-color)"],
    ],
  );
});

test("limits above the last top-up are not on the gauge", () => {
  const attributes = { full: 3, low_below: 4, critical_below: 1 };
  const { hass, ids } = ofAccount({ balance_level: { state: "ok", attributes } });
  assert.deepEqual(
    balanceGauge(hass, ids).segments.map(({ from }) => from),
    [0, 1],
  );
});

test("a balance is no wedge before it is known what was there, nor without its level", () => {
  for (const balance_level of [
    { state: "critical", attributes: { full: null, low_below: 4, critical_below: 1 } },
    { state: "critical", attributes: { full: 0 } },
    null,
  ]) {
    const { hass, ids } = ofAccount({ balance_level });
    const { type, color } = balanceGauge(hass, ids);
    assert.equal(type, "tile");
    assert.equal(color, balance_level ? "deep-orange" : undefined);
  }
});

test("topping up is offered once there is little, and leads to the gateway", () => {
  const seen = {};
  for (const level of ["ok", "low", "critical", "exhausted", "unavailable"]) {
    const { hass, ids } = ofAccount({ balance_level: { state: level } });
    const card = topUpTile(hass, ids, "Top up", "https://a.example");
    seen[level] = isSeen(hass, card) && card.color;
    assert.equal(card.tap_action.url_path, "https://a.example");
  }
  assert.deepEqual(seen, {
    ok: false,
    low: "orange",
    critical: "deep-orange",
    exhausted: "red",
    unavailable: false,
  });
});

test("a gateway without an address is led to by nothing", () => {
  const { hass, ids } = ofAccount({});
  assert.ok(!("tap_action" in topUpTile(hass, ids, "Top up", null)));
});

test("a trouble is one tile that says which", () => {
  const { hass, ids } = ofAccount({});
  const seen = () =>
    troubles(ids, (key) => key)
      .filter((card) => isSeen(hass, card))
      .map(({ name }) => name);
  for (const [state, name] of [
    ["connected", []],
    ["token_refused", ["token_refused"]],
    ["no_answer", ["no_answer"]],
    ["unavailable", ["no_answer"]],
  ]) {
    say(hass, "connection", state);
    assert.deepEqual(seen(), name);
  }
  assert.deepEqual(troubles({}, String), []);
});

test("unusual spending says how much, while it is", () => {
  const { hass, ids } = ofAccount({});
  const card = unusualTile(ids, "Unusual spending");
  assert.equal(card.entity, ids.spent_today);
  assert.ok(!isSeen(hass, card));
  say(hass, "unusual_spending", "on");
  assert.ok(isSeen(hass, card));
});

test("the first day says what is to come, and goes", () => {
  const { hass, ids } = ofAccount({ spent_today: { state: "unknown" } });
  const card = firstDay(ids, "Still to come");
  assert.ok(isSeen(hass, card));
  say(hass, "spent_today", "0.00");
  assert.ok(!isSeen(hass, card));
});

test("a plan leaves no row half empty, whatever is known of it", () => {
  for (const plan_remaining of [null, { state: "5" }, { state: "unknown" }]) {
    for (const plan_ends of [null, { state: "2026-12-01" }, { state: "unknown" }]) {
      const { hass, ids } = ofAccount({ plan: { state: "Pro" }, plan_remaining, plan_ends });
      const seen = planTiles(ids).filter((card) => isSeen(hass, card));
      assert.equal(seen[0].entity, ids.plan);
      assert.equal(columnsOf(seen) % 12, 0, JSON.stringify([plan_remaining, plan_ends]));
    }
  }
  assert.deepEqual(planTiles({}), []);
});
