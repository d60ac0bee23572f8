import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { idsOf } from "../../custom_components/llm_gateway_account/frontend/accounts.js";
import { escaped } from "../../custom_components/llm_gateway_account/frontend/format.js";
import { wordsOf } from "../../custom_components/llm_gateway_account/frontend/texts.js";
import { outlook, pastEvents } from "../../custom_components/llm_gateway_account/frontend/words.js";
import { account, entityOf, hassOf } from "./hass.js";
import { rendered } from "./render.js";

const outlookOf = async (changes, options) => {
  const hass = hassOf([account("a", changes)], options);
  const option = await wordsOf(hass);
  const word = (key, values) => option("graph", key, values);
  const [card] = outlook(hass, idsOf(hass, "a"), word);
  return card && (await rendered(hass, card.content)).trim();
};

const NO_DAYS = { spent_today: null };
const outOn = (state) => ({ ...NO_DAYS, runs_out_at: { state } });

// It is Friday, November 27.
describe("the day when the money is gone is told as a person would", () => {
  for (const [state, said] of [
    ["2026-11-27T23:00:00+00:00", "**Runs out today**"],
    ["2026-11-28T01:00:00+00:00", "**Runs out on Saturday**"],
    ["2026-12-03T10:00:00+00:00", "**Runs out on Thursday**"],
    ["2026-12-04T10:00:00+00:00", "**Runs out on December 4**"],
    ["2027-01-02T10:00:00+00:00", "**Runs out on January 2**"],
    ["2028-01-01T00:00:00+00:00", ""],
    ["unknown", ""],
    ["unavailable", ""],
  ]) {
    test(`${state}: ${said}`, async () => {
      assert.equal(await outlookOf(outOn(state)), said);
    });
  }
});

test("where the moment is disabled, the number of days tells it", async () => {
  const days = (state) => ({ ...NO_DAYS, runs_out_at: null, days_remaining: { state } });
  assert.equal(await outlookOf(days("2")), "**Runs out on Sunday**");
  assert.equal(await outlookOf(days("unknown")), "");
});

test("in Chinese, too", async () => {
  const options = { language: "zh-Hans" };
  assert.match(await outlookOf(outOn("2026-11-30T10:00:00+00:00"), options), /星期一/);
  assert.match(await outlookOf(outOn("2026-12-10T10:00:00+00:00"), options), /12月10日/);
});

test("today is set against a usual day, once both are known", async () => {
  const days = { runs_out_at: null, days_remaining: null };
  assert.equal(await outlookOf(days), "Today $0.30, usually $0.40");
  assert.equal(await outlookOf({ ...days, average_daily_spending: { state: "unknown" } }), "");
});

test("an account that knows nothing of it has no card", async () => {
  assert.equal(
    await outlookOf({ ...NO_DAYS, runs_out_at: null, days_remaining: null }),
    undefined,
  );
});

test("past events have their amounts and their own time", async () => {
  const events = [
    { type: "topped_up", time: "2026-11-27T09:05:00+00:00", attributes: { amount: 5, currency: "USD" } },
    { type: "balance_low", time: "2026-11-20T18:30:00+00:00", attributes: { amount: 3.9 } },
    { type: "balance_low", time: "2026-11-19T00:00:00+00:00", attributes: { to: "<b>[vip](/)" } },
    { type: "balance_low", time: "2026-11-18T00:00:00+00:00", attributes: {} },
    {
      type: "topped_up",
      time: "2026-11-17T00:00:00+00:00",
      attributes: { amount: 36.5, currency: "CNY" },
    },
  ];
  const activity = {
    state: "x",
    attributes: { event_types: ["topped_up", "balance_low"], past_events: events },
  };
  const hass = hassOf([account("a", { activity })]);
  const { content, title } = await pastEvents(hass, idsOf(hass, "a"), "Latest events");
  const names = hass.localize(
    "component.llm_gateway_account.entity.event.activity.state_attributes.event_type.state.balance_low",
  );
  assert.equal(title, "Latest events");
  assert.deepEqual((await rendered(hass, content)).trim().split("\n"), [
    "- **Topped up** +$5.00, Nov 27, 9:05 AM",
    `- **${names}** $3.90, Nov 20, 6:30 PM`,
    `- **${names}** ${escaped("<b>[vip](/)")}, Nov 19, 12:00 AM`,
    `- **${names}**, Nov 18, 12:00 AM`,
    "- **Topped up** +36.5 CNY, Nov 17, 12:00 AM",
  ]);
});

test("nothing is shown of no events", async () => {
  const hass = hassOf([account("a")]);
  const { content, show_empty: isShown } = await pastEvents(hass, idsOf(hass, "a"), "Latest events");
  assert.equal((await rendered(hass, content)).trim(), "");
  assert.equal(isShown, false);
  assert.ok(entityOf("a", "activity"));
});
