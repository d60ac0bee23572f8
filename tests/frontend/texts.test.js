import assert from "node:assert/strict";
import { test } from "node:test";

import {
  eventNamesOf,
  inLanguageOfPerson,
  namesOf,
  textsOf,
  wordsOf,
} from "../../custom_components/llm_gateway_account/frontend/texts.js";
import { account, entityOf, hassOf, textsIn } from "./hass.js";

test("texts are those of the person's language, whatever the server speaks", async () => {
  const english = await wordsOf(hassOf([], { server: "de" }));
  const chinese = await wordsOf(hassOf([], { language: "zh-Hans" }));
  const texts = ["en", "zh-Hans"].map(
    (language) => textsIn(language)["component.llm_gateway_account.selector.graph.options.top_up"],
  );
  assert.deepEqual([english("graph", "top_up"), chinese("graph", "top_up")], texts);
});

test("values stand where the text of a language wants them; others are left", async () => {
  const word = await wordsOf(hassOf([]));
  assert.equal(word("graph", "of_accounts", { known: 1, all: 2 }), "1 of 2 accounts");
  assert.equal(word("graph", "of_accounts", { known: 1 }), "1 of {all} accounts");
  assert.equal(word("graph", "nothing"), undefined);
});

test("texts are loaded once for a page, however many parts of it want them", async () => {
  const hass = hassOf([], { language: "fr" });
  await Promise.all([textsOf(hass, "entity"), textsOf(hass, "entity")]);
  await textsOf(hass, "entity");
  assert.equal(hass.asked.length, 1);
});

test("texts that could not be loaded are tried again", async () => {
  const hass = hassOf([], { language: "ko" });
  const lost = { ...hass, callWS: async () => Promise.reject(new Error("connection lost")) };
  await assert.rejects(textsOf(lost, "entity"), /connection lost/);
  assert.ok((await textsOf(hass, "entity"))("entity.sensor.balance.name"));
});

test("entities of every kind have their names", async () => {
  const name = await namesOf(hassOf([]));
  assert.equal(name("balance"), "Balance");
  assert.equal(name("unusual_spending"), "Unusual spending");
  assert.ok(name("activity"));
});

test("events are named as far as the account knows them", async () => {
  const hass = hassOf([account("a")]);
  const names = await eventNamesOf(hass, entityOf("a", "activity"));
  assert.deepEqual(Object.keys(names), ["topped_up", "balance_low"]);
  assert.ok(Object.values(names).every(Boolean));
  assert.deepEqual(await eventNamesOf(hass, "event.gone"), {});
});

test("names that nobody changed are in the language of the person, the others stay", async () => {
  const hass = hassOf([account("a", { spent_today: { state: "1", name: "Mine" } })], {
    language: "de",
  });
  const own = { type: "entity" };
  const card = (entity, name = own) => ({ type: "tile", entity, name });
  const config = {
    cards: [
      card(entityOf("a", "balance")),
      card(entityOf("a", "spent_today")),
      card("sensor.other"),
      card(entityOf("a", "balance"), "Given"),
      { entities: [{ entity: entityOf("a", "used_quota"), name: own }] },
    ],
  };
  const named = await inLanguageOfPerson(hass, config);
  const name = await namesOf(hass);
  assert.deepEqual(
    named.cards.map((each) => each.name),
    [name("balance"), own, own, "Given", undefined],
  );
  assert.equal(named.cards[4].entities[0].name, name("used_quota"));
});

test("nothing is asked where both speak one language", async () => {
  const hass = hassOf([account("a")]);
  const config = { cards: [] };
  assert.equal(await inLanguageOfPerson(hass, config), config);
  assert.deepEqual(hass.asked, []);
});
