import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as tick } from "node:timers/promises";

import { account, hassOf } from "./hass.js";
import "./page.js";

const { AccountEditor } = await import(
  "../../custom_components/llm_gateway_account/frontend/editor.js"
);

const TYPE = "custom:llm-gateway-account";

const open = async (config) => {
  const editor = new AccountEditor();
  editor.setConfig({ type: TYPE, ...config });
  editor.hass = hassOf([account("a")]);
  await tick();
  const changes = [];
  editor.addEventListener("config-changed", ({ detail }) => changes.push(detail.config));
  const [form] = editor.children;
  const choose = (value) =>
    form.dispatchEvent(
      Object.assign(new Event("value-changed"), { detail: { value } }),
    );
  return { editor, form, changes, choose };
};

test("an account is chosen among those of the integration, of which keys are none", async () => {
  const { form, changes, choose } = await open({});
  const [{ selector }] = form.schema;
  const [{ integration, model }] = selector.device.filter;
  assert.equal(integration, "llm_gateway_account");
  assert.equal(model, "LLM gateway account");
  assert.ok(form.computeLabel());
  choose({ device_id: "a" });
  assert.deepEqual(changes, [{ type: TYPE, device_id: "a" }]);
});

test("a choice that is taken back leaves no empty account, and the rest as it is", async () => {
  const { changes, choose } = await open({ device_id: "a", title: "Mine" });
  choose({ device_id: undefined });
  assert.deepEqual(changes, [{ type: TYPE, title: "Mine" }]);
});

test("the form stays the same one while Home Assistant changes under it", async () => {
  const { editor, form, choose, changes } = await open({ device_id: "a" });
  const now = hassOf([account("a"), account("b")]);
  editor.hass = now;
  await tick();
  assert.equal(editor.children.length, 1);
  assert.equal(form.hass, now);
  assert.equal(form.data.device_id, "a");
  choose({ device_id: "b" });
  assert.equal(changes.length, 1);
});

test("an editor that opens while its texts still load has one form", async () => {
  const editor = new AccountEditor();
  const hass = hassOf([account("a")], { language: "ja" });
  editor.hass = hass;
  editor.setConfig({ type: TYPE });
  editor.hass = { ...hass };
  await tick();
  assert.equal(editor.children.length, 1);
});

test("without Home Assistant there is nothing to show", async () => {
  const editor = new AccountEditor();
  editor.setConfig({ type: TYPE });
  await tick();
  assert.deepEqual(editor.children, []);
});
