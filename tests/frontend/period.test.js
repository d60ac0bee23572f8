import assert from "node:assert/strict";
import { mock, test } from "node:test";

import { hassOf } from "./hass.js";

// Summer time ends on October 25.
process.env.TZ = "Europe/Berlin";
const BEFORE = new Date(2026, 9, 24, 23, 30);
mock.timers.enable({ apis: ["Date"], now: BEFORE });

const { followPeriod, ofPeriod, periodPicker } = await import(
  "../../custom_components/llm_gateway_account/frontend/period.js"
);

const KEY = "energy_llm_gateway_account";

// What the frontend keeps of a picker.
const periodOf = (start, end, isActive = true) => ({
  start,
  end,
  refreshed: 0,
  isActive: () => isActive,
  refresh() {
    this.refreshed += 1;
  },
  setPeriod(from, to) {
    Object.assign(this, { start: from, end: to });
  },
});

const endOf = (...day) => new Date(...day, 23, 59, 59, 999);

test("without the energy integration there is no picker, and graphs have their own days", () => {
  const hass = hassOf([], { components: [] });
  assert.deepEqual(periodPicker(hass), []);
  assert.deepEqual(ofPeriod(hass), {});
});

test("the picker begins with thirty days, of a period that is its own", () => {
  const hass = hassOf([]);
  const [picker] = periodPicker(hass);
  assert.equal(picker.collection_key, KEY);
  assert.equal(ofPeriod(hass).collection_key, KEY);
  assert.equal(localStorage[`energy-default-period-_${KEY}`], "now-30d");
});

test("the period that a person chose to begin with stays", () => {
  const name = `energy-default-period-_${KEY}`;
  localStorage[name] = "this_week";
  periodPicker(hassOf([]));
  assert.equal(localStorage[name], "this_week");
});

test("a page without a picker is left alone", () => {
  followPeriod(hassOf([]));
});

test("a period follows midnight, also into a day of 25 hours and out of it", () => {
  const hass = hassOf([]);
  const period = periodOf(new Date(2026, 8, 25), endOf(2026, 9, 24));
  hass.connection[`_${KEY}`] = period;
  for (const day of [25, 26, 27]) {
    mock.timers.setTime(new Date(2026, 9, day, 0, 30).getTime());
    followPeriod(hass);
    assert.deepEqual(period.start, new Date(2026, 8, 25 + day - 24));
    assert.deepEqual(period.end, endOf(2026, 9, day));
  }
  assert.equal(period.refreshed, 3);
});

test("a period of the past stays where it is, and is refreshed", () => {
  const hass = hassOf([]);
  const period = periodOf(new Date(2026, 9, 1), endOf(2026, 9, 7));
  hass.connection[`_${KEY}`] = period;
  mock.timers.setTime(new Date(2026, 9, 28, 0, 30).getTime());
  followPeriod(hass);
  assert.deepEqual(period.end, endOf(2026, 9, 7));
  assert.equal(period.refreshed, 1);
});

test("a period that nobody looks at is asked for nothing", () => {
  const hass = hassOf([]);
  const period = periodOf(new Date(2026, 9, 28), endOf(2026, 9, 28), false);
  hass.connection[`_${KEY}`] = period;
  mock.timers.setTime(new Date(2026, 9, 29, 0, 30).getTime());
  followPeriod(hass);
  assert.equal(period.refreshed, 0);
  assert.deepEqual(period.end, endOf(2026, 9, 28));
});
