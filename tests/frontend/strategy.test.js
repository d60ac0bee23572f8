import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { setImmediate as tick } from "node:timers/promises";

import { account, cardsOf, ENTITIES, entityOf, hassOf } from "./hass.js";
import { page } from "./page.js";

const STRATEGY = "../../custom_components/llm_gateway_account/frontend/strategy.js";
const TYPE = "custom:llm-gateway-account";

await import(STRATEGY);
await tick();

const [dashboard, view, section] = ["dashboard", "view", "section"].map((kind) =>
  page.elements.get(`ll-strategy-${kind}-llm-gateway-account`),
);

const RECORDS = { usage_records: { state: "unknown" } };

// The next `hass` of a page, in which some have changed.
const after = (hass, { states = {}, ...changes }) => ({
  ...hass,
  ...changes,
  states: { ...hass.states, ...states },
});

test("one account is a dashboard of its own, without an overview", async () => {
  const { views } = await dashboard.generate({ type: TYPE }, hassOf([account("a")]));
  assert.deepEqual(views, [
    { title: "Gateway", path: "a", strategy: { type: TYPE, device_id: "a" } },
  ]);
});

test("several accounts have an overview before them", async () => {
  const hass = hassOf([account("a"), account("b")], { language: "zh-Hans" });
  const { views } = await dashboard.generate({ type: TYPE }, hass);
  assert.deepEqual(
    views.map(({ title }) => title),
    ["概览", "Gateway", "Gateway 2"],
  );
  const overview = await view.generate(views[0].strategy, hass);
  assert.equal(cardsOf(overview).filter(({ tap_action: tap }) => tap?.navigation_path?.endsWith("/b")).length, 1);
});

test("the account that was chosen is shown alone", async () => {
  const hass = hassOf([account("a"), account("b")]);
  const { views } = await dashboard.generate({ type: TYPE, device_id: "b" }, hass);
  assert.deepEqual(
    views.map(({ path }) => path),
    ["b"],
  );
  const { cards } = await section.generate({ type: TYPE, device_id: "b" }, hass);
  assert.equal(cards[0].heading, "Gateway 2");
});

test("where nothing was chosen, a section is of the first account", async () => {
  const hass = hassOf([account("a"), account("b")]);
  const { cards } = await section.generate(section.getStubConfig(), hass);
  assert.equal(cards[0].heading, "Gateway");
});

test("without accounts, or when the chosen one is gone, each leads to adding one", async () => {
  for (const [hass, config] of [
    [hassOf([]), { type: TYPE }],
    [hassOf([account("a")]), { type: TYPE, device_id: "gone" }],
  ]) {
    for (const made of [
      (await dashboard.generate(config, hass)).views[0],
      await view.generate(config, hass),
      await section.generate(config, hass),
    ]) {
      const [{ type, tap_action: tap }] = cardsOf(made);
      assert.equal(type, "button");
      assert.match(tap.navigation_path, /add\?domain=llm_gateway_account$/);
    }
  }
});

test("a view and a section are made anew when levels, records, connections or accounts change", () => {
  const hass = hassOf([account("a", RECORDS)]);
  for (const strategy of [view, section]) {
    for (const key of ["balance_level", "usage_records", "connection"]) {
      const id = entityOf("a", key);
      const changed = after(hass, { states: { [id]: { ...hass.states[id] } } });
      assert.ok(strategy.shouldRegenerate({}, hass, changed), key);
    }
    for (const registry of ["entities", "devices"]) {
      const changed = after(hass, { [registry]: { ...hass[registry] } });
      assert.ok(strategy.shouldRegenerate({}, hass, changed), registry);
    }
  }
});

test("they stay at any other change of state, and the dashboard at all of them", () => {
  const hass = hassOf([account("a", RECORDS)]);
  const states = Object.fromEntries(
    ["balance", "spent_today", "days_remaining"].map((key) => [entityOf("a", key), { state: "1" }]),
  );
  const changed = after(hass, { states: { ...states, "sensor.other": { state: "1" } } });
  assert.ok(!view.shouldRegenerate({}, hass, changed));
  assert.ok(!section.shouldRegenerate({}, hass, changed));
  const level = after(hass, { states: { [entityOf("a", "balance_level")]: { state: "low" } } });
  assert.ok(!dashboard.shouldRegenerate({}, hass, level));
  assert.ok(dashboard.shouldRegenerate({}, hass, after(hass, { devices: {} })));
});

test("levels and records of accounts that come later count, too", () => {
  const before = hassOf([account("a")]);
  const hass = hassOf([account("a"), account("b", RECORDS)]);
  view.shouldRegenerate({}, before, before);
  const id = entityOf("b", "usage_records");
  const changed = after(hass, { states: { [id]: { state: "x" } } });
  assert.ok(view.shouldRegenerate({}, hass, changed));
});

test("the frontend gets what it needs of registries, and a form for the account", async () => {
  for (const strategy of [dashboard, view, section]) {
    assert.deepEqual(strategy.registryDependencies, ["entities", "devices"]);
    const form = await strategy.getConfigElement();
    assert.equal(form.localName, "llm-gateway-account-editor");
    assert.ok(form.setConfig);
  }
});

test("in the dialog of new dashboards it has its name in the language of the person", async () => {
  const { title, icon } = await dashboard.getCreateSuggestions(hassOf([], { language: "zh-Hans" }));
  assert.equal(title, "大模型网关账户");
  assert.match(icon, /^mdi:/);
});

test("each kind is offered in the words that are there when the list opens", () => {
  assert.deepEqual(
    window.customStrategies.map(({ strategyType }) => strategyType),
    ["dashboard", "view", "section"],
  );
  const [{ name, description }] = window.customStrategies;
  assert.equal(name, "LLM Gateway Account");
  assert.equal(description, "");
  page.hass = hassOf([], { language: "zh-Hans" });
  for (const each of window.customStrategies) {
    assert.equal(each.name, "大模型网关账户");
    assert.match(each.description, /^剩余额度 · /);
    assert.match(each.documentationURL, /^https:/);
  }
});

test("a new version in a page that has the old one leaves it as it is", async () => {
  const [was] = window.customStrategies;
  await import(`${STRATEGY}?new`);
  await tick();
  assert.equal(window.customStrategies.length, 3);
  assert.equal(window.customStrategies[0], was);
  assert.equal(page.intervals.length, 1);
});

test("strategies of others stay where they are", async () => {
  const other = { type: "other" };
  window.customStrategies = [other];
  page.elements.clear();
  await import(`${STRATEGY}?another`);
  await tick();
  assert.equal(window.customStrategies.length, 4);
  assert.equal(window.customStrategies[0], other);
});

test("every hour, what is shown of a period is refreshed", () => {
  const [{ callback, delay }] = page.intervals;
  let refreshed = 0;
  page.hass = hassOf([]);
  page.hass.connection._energy_llm_gateway_account = {
    isActive: () => true,
    refresh: () => (refreshed += 1),
  };
  callback();
  assert.equal(delay, 3_600_000);
  assert.equal(refreshed, 1);
});

const RELEASES = new URL("../fixtures/releases/", import.meta.url);

// What a released version left in a file of a home.
const leftIn = (release, name) =>
  JSON.parse(readFileSync(new URL(`${release}/storage/${name}`, RELEASES))).data;

// That home, with the entities of it that there still are.
const homeOf = (release) => {
  const hass = hassOf([]);
  for (const device of leftIn(release, "core.device_registry").devices) {
    hass.devices[device.id] = device;
  }
  for (const entity of leftIn(release, "core.entity_registry").entities) {
    const { entity_id: id, translation_key: key, disabled_by: isDisabled } = entity;
    if (key in ENTITIES && !isDisabled) {
      hass.entities[id] = entity;
      hass.states[id] = { entity_id: id, attributes: {}, ...ENTITIES[key] };
    }
  }
  return hass;
};

for (const release of readdirSync(RELEASES)) {
  test(`the dashboard of ${release} shows the account, also as a view of another one`, async () => {
    const hass = homeOf(release);
    const [device_id] = Object.keys(hass.devices);
    const { strategy } = leftIn(release, "lovelace.llm_gateway_account").config;
    const left = await dashboard.generate(strategy, hass);
    const chosen = await dashboard.generate({ ...strategy, device_id }, hass);
    for (const config of [left.views[0].strategy, chosen.views[0].strategy, strategy]) {
      const cards = cardsOf(await view.generate(config, hass));
      const shown = new Set(cards.map(({ entity }) => entity).filter(Boolean));
      // Somebody gave it another ID.
      assert.ok(shown.has("sensor.my_credit"));
      assert.deepEqual([...shown].filter((id) => !(id in hass.entities)), []);
    }
  });
}
