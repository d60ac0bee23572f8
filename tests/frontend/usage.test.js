import assert from "node:assert/strict";
import { test } from "node:test";

import { usageOf } from "../../custom_components/llm_gateway_account/frontend/usage.js";
import { hassOf } from "./hass.js";

const TEXTS = {
  used_quota: "Spent per day",
  spent_per_hour: "Spent per hour",
  total: "Total",
  other: "Other models",
};
const ATTRIBUTES = {
  statistic_id: "g:total",
  model_statistic_ids: { cheap: "g:cheap", dear: "g:dear", old: "g:old" },
  other_statistic_id: "g:other",
};

const usage = (attributes, statistics, components) =>
  usageOf(hassOf([], { statistics, components }), attributes, TEXTS);
const entitiesOf = ({ entities }) => entities.map(({ entity }) => entity);
const ofTitle = ({ graphs }, title) => graphs.find((card) => card.title === title);

const STATISTICS = {
  "g:total": [9, 9, 9, 9],
  "g:cheap": [1, 1, 1, 1],
  "g:dear": [3, 3, 3, 3],
  "g:old": [8, 0, 0, 0],
  "g:other": [5, 5, 5, 5],
};

test("an account without records has no graph and no month", async () => {
  assert.deepEqual(await usage({}, {}), { graphs: [], month: [] });
});

test("a day is stacked by model, the most expensive first, and as high as the total", async () => {
  const card = ofTitle(await usage(ATTRIBUTES, STATISTICS), TEXTS.used_quota);
  assert.deepEqual(entitiesOf(card), ["g:dear", "g:old", "g:cheap", "g:other"]);
  assert.equal(card.chart_type, "bar-stack");
});

test("hours are of the models of the latest days, in the colors they have above", async () => {
  const all = await usage(ATTRIBUTES, STATISTICS);
  const hours = ofTitle(all, TEXTS.spent_per_hour);
  assert.deepEqual(entitiesOf(hours), ["g:dear", "g:cheap", "g:other"]);
  const colors = Object.fromEntries(
    ofTitle(all, TEXTS.used_quota).entities.map(({ entity, color }) => [entity, color]),
  );
  for (const { entity, color } of hours.entities) {
    assert.equal(color, colors[entity]);
  }
});

test("the month has six models at most, and not the rest of them", async () => {
  const models = Object.fromEntries(
    Array.from({ length: 8 }, (_, index) => [`m${index}`, `g:m${index}`]),
  );
  const statistics = Object.fromEntries(
    Object.values(models).map((id, index) => [id, [index]]),
  );
  const { month } = await usage(
    { ...ATTRIBUTES, model_statistic_ids: models },
    { ...statistics, "g:total": [99], "g:other": [99] },
  );
  assert.deepEqual(
    month.map(({ name }) => name),
    ["m7", "m6", "m5", "m4", "m3", "m2"],
  );
});

test("records of the total alone are one bar per day", async () => {
  const { graphs } = await usage({ statistic_id: "g:total" }, { "g:total": [1, 2] });
  const card = graphs.at(-1);
  assert.deepEqual(entitiesOf(card), ["g:total"]);
  assert.equal(card.entities[0].name, "Total");
});

test("one day is no graph, but has its hours", async () => {
  const all = await usage(ATTRIBUTES, { "g:total": [4], "g:dear": [4] });
  assert.deepEqual(
    all.graphs.map(({ title }) => title),
    [TEXTS.spent_per_hour],
  );
});

test("the picker stands above what it picks for, where there is one", async () => {
  const [picker, perDay, perHour] = (await usage(ATTRIBUTES, STATISTICS)).graphs;
  assert.equal(picker.type, "energy-date-selection");
  assert.equal(perDay.collection_key, picker.collection_key);
  assert.ok(!("collection_key" in perHour));
  const without = await usage(ATTRIBUTES, STATISTICS, []);
  assert.ok(without.graphs.every(({ type }) => type === "statistics-graph"));
});
