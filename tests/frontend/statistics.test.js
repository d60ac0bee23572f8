import assert from "node:assert/strict";
import { test } from "node:test";

import {
  DAY,
  changesByDay,
  changesOfMonth,
  isDrawn,
  ranked,
  spent,
} from "../../custom_components/llm_gateway_account/frontend/statistics.js";
import { hassOf } from "./hass.js";

test("a page of a Home Assistant without a recorder has no graphs, and no error", async () => {
  assert.deepEqual(await changesByDay(hassOf([]), ["sensor.a"]), {});
});

test("thirty days are asked for by day, this month as one", async () => {
  const hass = hassOf([], { statistics: { "a:b": [1, 2] } });
  assert.equal((await changesByDay(hass, ["a:b", "a:c"]))["a:b"].length, 2);
  await changesOfMonth(hass, ["a:b"]);
  const [days, month] = hass.asked;
  assert.equal(days.period, "day");
  assert.equal(Math.round((Date.now() - Date.parse(days.start_time)) / DAY), 30);
  assert.equal(month.period, "month");
});

test("what was spent counts refunds, gaps as nothing, and only what ended since", () => {
  const rows = [
    { end: 10, change: 5 },
    { end: 20, change: null },
    { end: 30, change: -2 },
  ];
  assert.equal(spent(rows), 3);
  assert.equal(spent(rows, 10), -2);
  assert.equal(spent(undefined), 0);
});

test("series stand by what they cost; those of nothing are left out", () => {
  const cost = (change) => [{ end: 1, change }];
  const rows = { a: cost(1), b: cost(3), free: cost(0), refunded: cost(-1) };
  const series = ["a", "b", "free", "refunded", "unknown"].map((entity) => ({ entity }));
  assert.deepEqual(
    ranked(series, rows).map(({ entity }) => entity),
    ["b", "a"],
  );
});

test("one day is no graph", () => {
  assert.ok(!isDrawn(undefined));
  assert.ok(!isDrawn([{}]));
  assert.ok(isDrawn([{}, {}]));
});
