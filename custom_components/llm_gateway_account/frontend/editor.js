// The form of the strategies: which account.

import { DOMAIN } from "./accounts.js";
import { textsOf } from "./texts.js";

// A key is a device, too.
const ACCOUNT = { integration: DOMAIN, model: "LLM gateway account" };
const SCHEMA = [{ name: "device_id", selector: { device: { filter: [ACCOUNT] } } }];

export class AccountEditor extends HTMLElement {
  #config = {};
  #hass;
  #form;

  setConfig(config) {
    this.#config = config;
    this.#show();
  }

  set hass(hass) {
    this.#hass = hass;
    this.#show();
  }

  #change(event) {
    event.stopPropagation();
    const { device_id: chosen, ...config } = { ...this.#config, ...event.detail.value };
    this.#config = chosen ? { ...config, device_id: chosen } : config;
    const detail = { config: this.#config };
    this.dispatchEvent(
      new CustomEvent("config-changed", { detail, bubbles: true, composed: true }),
    );
  }

  async #show() {
    const hass = this.#hass;
    if (!hass) {
      return;
    }
    const text = await textsOf(hass, "services");
    const form = this.#form ?? document.createElement("ha-form");
    Object.assign(form, {
      hass,
      data: this.#config,
      schema: SCHEMA,
      computeLabel: () => text("services.get_account.fields.device_id.name"),
    });
    if (!this.#form) {
      form.addEventListener("value-changed", (event) => this.#change(event));
      this.#form = form;
      this.append(form);
    }
  }
}
