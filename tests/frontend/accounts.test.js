import assert from "node:assert/strict";
import { test } from "node:test";

import { accountEntities, accounts, idsOf } from "../../custom_components/llm_gateway_account/frontend/accounts.js";
import { account, entityOf, hassOf, keyOf } from "./hass.js";

const titles = (hass) => accounts(hass).map(({ title }) => title);

test("accounts of one name get numbers, in the order they came in", () => {
  const hass = hassOf([
    account("late", {}, { created_at: 20 }),
    account("early", {}, { created_at: 10 }),
  ]);
  assert.deepEqual(accounts(hass), [
    { id: "early", title: "Gateway" },
    { id: "late", title: "Gateway 2" },
  ]);
});

test("the tenth account stands behind the second", () => {
  const all = Array.from({ length: 10 }, (_, index) => account(`a${index}`));
  assert.deepEqual(titles(hassOf(all)).slice(-3), ["Gateway 8", "Gateway 9", "Gateway 10"]);
});

test("a device that a person named keeps that name, and needs no number", () => {
  const hass = hassOf([account("a"), account("b", {}, { name_by_user: "At work" })]);
  assert.deepEqual(titles(hass), ["At work", "Gateway"]);
});

test("names stand in the order of the person's language", () => {
  const named = (name) => account(name, {}, { name });
  const all = ["Zebra", "Älg", "Apa"].map(named);
  assert.deepEqual(titles(hassOf(all, { language: "de" })), ["Älg", "Apa", "Zebra"]);
  const swedish = hassOf(all, { locale: { language: "sv" } });
  assert.deepEqual(titles(swedish), ["Apa", "Zebra", "Älg"]);
});

test("a key is no account", () => {
  const key = keyOf("k", "a", "Key", { key_status: { state: "active" } });
  assert.deepEqual(titles(hassOf([account("a"), key])), ["Gateway"]);
});

test("hidden entities are left out, and an account that has no others too", () => {
  const hidden = { state: "5", hidden: true };
  const hass = hassOf([
    account("a", { balance: hidden }),
    { id: "b", device: { name: "Hidden" }, entities: { balance: hidden } },
  ]);
  assert.deepEqual(titles(hass), ["Gateway"]);
  assert.ok(!("balance" in idsOf(hass, "a")));
});

test("a renamed entity is found by its key, and those of others are not", () => {
  const hass = hassOf([account("a"), account("b")]);
  const entity = hass.entities[entityOf("a", "balance")];
  entity.entity_id = "sensor.money";
  hass.entities["sensor.other"] = { ...entity, entity_id: "sensor.other", platform: "other" };
  assert.equal(idsOf(hass, "a").balance, "sensor.money");
  assert.equal(idsOf(hass, "b").balance, entityOf("b", "balance"));
});

test("a device that is gone before its entities is passed over", () => {
  const hass = hassOf([account("a"), account("b")]);
  delete hass.devices.b;
  assert.deepEqual(titles(hass), ["Gateway"]);
  assert.equal(accountEntities(hass).length, 2 * Object.keys(idsOf(hass, "a")).length);
});
