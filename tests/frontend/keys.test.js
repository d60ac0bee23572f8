import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { idsOf } from "../../custom_components/llm_gateway_account/frontend/accounts.js";
import { keysSection } from "../../custom_components/llm_gateway_account/frontend/keys.js";
import { account, entityOf, hassOf, keyOf } from "./hass.js";
import { rendered } from "./render.js";

const WORDS = { keys: "API keys", unlimited: "Unlimited" };

const key = (id, name, { status = "active", left = "5.00", today = "0.10", ...attributes } = {}) =>
  keyOf(id, "a", name, {
    key_status: { state: status, attributes: { unlimited: false, low_below: 1, ...attributes } },
    key_remaining: { state: left },
    ...(today && { key_spent_today: { state: today } }),
  });

const sectionOf = (hass) =>
  keysSection(hass, "a", idsOf(hass, "a").balance, (each) => WORDS[each]);

const tableOf = async (keys, change = () => {}) => {
  const hass = hassOf([account("a"), ...keys]);
  change(hass);
  const [, { content }] = await sectionOf(hass);
  return (await rendered(hass, content)).trim().split("\n");
};

const rowsOf = async (...given) => {
  const [, , ...rows] = await tableOf(...given);
  return rows.map((row) => row.split("|").map((cell) => cell.trim()).slice(1, -1));
};

test("without keys, or without the amounts of the account, there is no heading", async () => {
  assert.deepEqual(await sectionOf(hassOf([account("a")])), []);
  const hidden = hassOf([account("a", { balance: null }), key("k", "Key")]);
  assert.deepEqual(await sectionOf(hidden), []);
});

test("keys of other accounts, and those whose status is hidden, are left out", async () => {
  const hidden = keyOf("h", "a", "Hidden", { key_status: { state: "active", hidden: true } });
  const other = keyOf("o", "b", "Other", { key_status: { state: "active" } });
  const rows = await rowsOf([account("b"), key("k", "Mine"), hidden, other]);
  assert.equal(rows.length, 1);
  assert.match(rows[0][0], /\[Mine\]\(\/config\/devices\/device\/k\)$/);
});

test("keys stand by their names, and numbers in them by their size", async () => {
  const rows = await rowsOf([key("x", "Key 10"), key("y", "Key 9"), key("z", "chat")]);
  assert.deepEqual(
    rows.map(([name]) => /\[(.*)\]/.exec(name)[1]),
    ["chat", "Key 9", "Key 10"],
  );
});

describe("a key says what is left on it", () => {
  for (const [state, color, left] of [
    [{}, "green", "$5.00"],
    [{ left: "0.99" }, "darkorange", "$0.99"],
    [{ left: "1.00" }, "green", "$1.00"],
    [{ left: "0.10", low_below: null }, "green", "$0.10"],
    [{ left: "unknown", unlimited: true }, "green", "Unlimited"],
    [{ left: "unknown" }, "green", "-"],
    [{ status: "disabled" }, "gray", "Disabled"],
    [{ status: "disabled", unlimited: true }, "gray", "Disabled"],
    [{ status: "expired" }, "gray", "Expired"],
    [{ status: "used_up", left: "0.00" }, "red", "Used up"],
    [{ status: "unavailable", left: "unavailable" }, "gray", "-"],
  ]) {
    test(JSON.stringify(state), async () => {
      const [[name, shown]] = await rowsOf([key("k", "Key", state)]);
      assert.equal(/color="(\w+)"/.exec(name)[1], color);
      assert.equal(shown, left);
    });
  }
});

test("what was spent today is a column only where a key has it", async () => {
  const [with_] = await tableOf([key("k", "One"), key("l", "Two", { today: null })]);
  assert.match(with_, /today/i);
  const rows = await rowsOf([key("k", "One"), key("l", "Two", { today: null })]);
  assert.deepEqual(
    rows.map(([, , today]) => today),
    ["$0.10", "-"],
  );
  const [without] = await tableOf([key("l", "Two", { today: null })]);
  assert.doesNotMatch(without, /today/i);
});

test("a name is neither markup nor a template, nor another column", async () => {
  const names = ['{{ states("sensor.a_balance") }}', "<b>|*", "](http://x)", "{% raw %}", "a\nb"];
  const rows = await rowsOf(names.map((name, index) => key(`k${index}`, name)));
  assert.equal(rows.length, names.length);
  const read = rows.map((cells) => {
    assert.equal(cells.length, 3);
    const [, shown] = /<\/font> \[(.*)\]\(\/config\/devices\/device\/k\d\)$/.exec(cells[0]);
    assert.doesNotMatch(shown, /[<>*[\]{}]/);
    return shown.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(code));
  });
  assert.deepEqual(read.toSorted(), names.toSorted());
});

test("a key that a person renamed has that name", async () => {
  const [[name]] = await rowsOf([key("k", "sk-1")], (hass) => {
    hass.devices.k.name_by_user = "Laptop";
  });
  assert.match(name, /\[Laptop\]/);
});

test("a key whose amount is hidden has none, and no error", async () => {
  const rows = await rowsOf([key("k", "Key")], (hass) => {
    hass.entities[entityOf("k", "key_remaining")].hidden = true;
  });
  assert.equal(rows[0][1], "-");
});
