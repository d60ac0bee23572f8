import assert from "node:assert/strict";
import { test } from "node:test";

import {
  accountSection,
  accountView,
} from "../../custom_components/llm_gateway_account/frontend/account.js";
import { account, cardsOf, entityOf, hassOf, isSeen, keyOf, ofType } from "./hass.js";

const TOTAL = "llm_gateway_account:a_total";
const CHEAP = "llm_gateway_account:a_cheap";
const DEAR = "llm_gateway_account:a_dear";
const RECORDS = {
  usage_records: {
    state: "2026-11-27T10:00:00+00:00",
    attributes: { statistic_id: TOTAL, model_statistic_ids: { cheap: CHEAP, dear: DEAR } },
  },
};
const STATISTICS = {
  [TOTAL]: [3, 4],
  [CHEAP]: [1, 1],
  [DEAR]: [2, 3],
  [entityOf("a", "balance")]: [null, null],
  [entityOf("a", "used_quota")]: [3, 4],
  [entityOf("a", "request_count")]: [30, 40],
};

const ACCOUNT = { id: "a", title: "Gateway" };
const viewOf = async (changes, options = {}) => {
  const hass = hassOf([account("a", changes)], options);
  return [hass, await accountView(hass, ACCOUNT)];
};
const titlesOf = (view) => ofType(view, "statistics-graph").map(({ title }) => title);
const seen = (hass, view) => cardsOf(view).filter((card) => isSeen(hass, card));
const headings = (view) => ofType(view, "heading").map(({ heading }) => heading);

test("all there is of an account is on its view, and nothing twice", async () => {
  const [hass, view] = await viewOf(RECORDS, { statistics: STATISTICS });
  const shown = seen(hass, view)
    .filter(({ type, visibility }) => ["tile", "gauge"].includes(type) && visibility)
    .map(({ entity }) => entity);
  assert.equal(new Set(shown).size, shown.length);
  assert.ok(shown.includes(entityOf("a", "group")));
  assert.deepEqual(headings(view), ["Gateway", "Spent this month", "History", "Details"]);
});

test("every card has its entity, whichever single one is hidden", async () => {
  const keys = Object.keys(account("a", RECORDS).entities);
  for (const key of keys) {
    const [, view] = await viewOf({ ...RECORDS, [key]: null }, { statistics: STATISTICS });
    for (const card of cardsOf(view)) {
      if ("entity" in card) {
        assert.ok(card.entity, `${card.type} without ${key}`);
      }
      for (const each of card.entities ?? []) {
        assert.ok(each.entity, `graph without ${key}`);
      }
      assert.doesNotMatch(JSON.stringify(card), /undefined/, `${card.type} without ${key}`);
    }
  }
});

test("totals of which one is hidden leave no row half empty", async () => {
  for (const hidden of ["request_count", "used_quota"]) {
    const [hass, view] = await viewOf({ [hidden]: null });
    const [other] = ["request_count", "used_quota"].filter((key) => key !== hidden);
    const [card] = seen(hass, view).filter(({ entity }) => entity === entityOf("a", other));
    assert.equal(card.grid_options.columns, 12);
  }
});

test("details leave no row half empty, however many of them are known", async () => {
  for (const [changes, columns] of [
    [{}, [12]],
    [{ role: { state: "user" } }, [6, 6]],
    [{ role: { state: "user" }, status: { state: "enabled" } }, [6, 6, 12]],
    [{ role: { state: "unknown" } }, [12]],
    [{ role: { state: "user" }, usage_records: { state: "unknown" } }, [6, 6]],
    [{ role: { state: "user" }, status: { state: "x" }, usage_records: { state: "unknown" } }, [6, 6, 12]],
  ]) {
    const [hass, view] = await viewOf(changes);
    const cards = cardsOf(view);
    const details = cards.slice(cards.findIndex(({ heading }) => heading === "Details") + 1);
    assert.deepEqual(
      details
        .filter((card) => isSeen(hass, card))
        .map(({ grid_options: grid }) => grid?.columns ?? 6),
      columns,
      JSON.stringify(changes),
    );
  }
});

test("spending comes from the records where there are any, else from the counter", async () => {
  const [, recorded] = await viewOf(RECORDS, { statistics: STATISTICS });
  const [perDay] = ofType(recorded, "statistics-graph").filter(
    ({ title }) => title === "Spent per day",
  );
  assert.deepEqual(
    perDay.entities.map(({ entity }) => entity),
    [DEAR, CHEAP],
  );
  const [, counted] = await viewOf({}, { statistics: STATISTICS });
  const [ofCounter] = ofType(counted, "statistics-graph").filter(
    ({ title }) => title === "Spent per day",
  );
  assert.deepEqual(
    ofCounter.entities.map(({ entity }) => entity),
    [entityOf("a", "used_quota")],
  );
});

test("on the first day there is no graph of one bar, and no heading above nothing", async () => {
  const first = Object.fromEntries(Object.keys(STATISTICS).map((id) => [id, [1]]));
  const [, view] = await viewOf({}, { statistics: first });
  assert.deepEqual(titlesOf(view), []);
  assert.deepEqual(headings(view), ["Gateway", "Details"]);
});

test("without a recorder there are the states", async () => {
  const [hass, view] = await viewOf(RECORDS);
  assert.deepEqual(titlesOf(view), []);
  assert.ok(seen(hass, view).some(({ entity }) => entity === entityOf("a", "balance")));
});

test("without the energy integration, graphs have their own thirty days", async () => {
  const [, view] = await viewOf(RECORDS, { statistics: STATISTICS, components: [] });
  assert.deepEqual(ofType(view, "energy-date-selection"), []);
  for (const card of ofType(view, "statistics-graph")) {
    assert.ok(!("energy_date_selection" in card));
    assert.ok(card.days_to_show);
  }
});

test("keys stand on the view of their account", async () => {
  const key = keyOf("k", "a", "My key", { key_status: { state: "active" } });
  const hass = hassOf([account("a"), account("b"), key]);
  assert.ok(headings(await accountView(hass, ACCOUNT)).includes("API keys"));
  const other = await accountView(hass, { id: "b", title: "Other" });
  assert.ok(!headings(other).includes("API keys"));
});

test("on one's own dashboard an account is one section, without graphs", async () => {
  const hass = hassOf([account("a", RECORDS)], { statistics: STATISTICS });
  const section = await accountSection(hass, ACCOUNT);
  assert.equal(section.type, "grid");
  assert.deepEqual(titlesOf(section), []);
  assert.deepEqual(headings(section), ["Gateway"]);
});

test("a person with another language than the server reads names in their own", async () => {
  const hass = hassOf([account("a", { spent_today: { state: "1", name: "Mine" } })], {
    language: "de",
  });
  const section = await accountSection(hass, ACCOUNT);
  const named = (key) => section.cards.find(({ entity }) => entity === entityOf("a", key)).name;
  assert.equal(named("used_quota"), hass.localize("component.llm_gateway_account.entity.sensor.used_quota.name"));
  // Renamed, so it stays.
  assert.ok(
    section.cards
      .filter(({ entity, icon }) => entity === entityOf("a", "spent_today") && !icon)
      .every(({ name }) => name.type === "entity"),
  );
});
