// A dashboard of the accounts, made of built-in cards from what Home Assistant knows.

import { accountSection, accountView } from "./account.js";
import { CONNECTION, DOMAIN, LEVEL, RECORDS, accountEntities, accounts } from "./accounts.js";
import { ICON } from "./cards.js";
import { AccountEditor } from "./editor.js";
import { overviewView } from "./overview.js";
import { followPeriod } from "./period.js";
import { HOUR } from "./statistics.js";
import { textsOf, wordsOf } from "./texts.js";

const TYPE = "llm-gateway-account";
const EDITOR = `${TYPE}-editor`;
const OVERVIEW = "overview";
const DOCUMENTATION =
  "https://github.com/ha-llm-gateway-account/llm_gateway_account/blob/main/docs/dashboard.md";

const addAccount = async (hass) => {
  const text = await textsOf(hass, "config");
  const button = {
    type: "button",
    icon: "mdi:wallet-plus",
    name: text("config.initiate_flow.user"),
    tap_action: {
      action: "navigate",
      navigation_path: `/config/integrations/dashboard/add?domain=${DOMAIN}`,
    },
  };
  return { type: "grid", cards: [button] };
};

const emptyView = async (hass) => ({
  type: "sections",
  sections: [await addAccount(hass)],
});

// Asked at every change of any state.
let known = {};
const watched = (hass) => {
  if (known.entities !== hass.entities) {
    const ids = accountEntities(hass)
      .filter((each) => [CONNECTION, LEVEL, RECORDS].includes(each.translation_key))
      .map((each) => each.entity_id);
    known = { entities: hass.entities, ids };
  }
  return known.ids;
};

const DEPENDENCIES = ["entities", "devices"];

class Strategy extends HTMLElement {
  static registryDependencies = DEPENDENCIES;

  // Colors and limits are those of levels; a trouble is one of the connection; and the
  // first reading of the records makes the series, some seconds after the entities.
  static shouldRegenerate(_config, before, now) {
    return (
      DEPENDENCIES.some((key) => before[key] !== now[key]) ||
      watched(now).some((id) => before.states[id] !== now.states[id])
    );
  }

  static async getConfigElement() {
    return document.createElement(EDITOR);
  }
}

// The account that was chosen, else the first.
const chosenOf = (hass, { device_id: chosen }) =>
  accounts(hass).find(({ id }) => !chosen || id === chosen);

class AccountSection extends Strategy {
  // Of which the frontend shows a preview.
  static getStubConfig() {
    return { type: `custom:${TYPE}` };
  }

  static async generate(config, hass) {
    const account = chosenOf(hass, config);
    return account ? accountSection(hass, account) : addAccount(hass);
  }
}

class AccountView extends Strategy {
  static async generate(config, hass) {
    if (config.device_id === OVERVIEW) {
      return overviewView(hass, accounts(hass));
    }
    const account = chosenOf(hass, config);
    return account ? accountView(hass, account) : emptyView(hass);
  }
}

class AccountDashboard extends Strategy {
  // Its views regenerate themselves.
  static shouldRegenerate(_config, before, now) {
    return DEPENDENCIES.some((key) => before[key] !== now[key]);
  }

  static async generate({ device_id: chosen }, hass) {
    const shown = accounts(hass).filter(({ id }) => !chosen || id === chosen);
    const views = shown.map(({ id, title }) => ({ id, title, path: id }));
    if (views.length > 1) {
      const word = await wordsOf(hass);
      views.unshift({ id: OVERVIEW, title: word("graph", OVERVIEW), path: OVERVIEW });
    }
    return {
      views: views.length
        ? views.map(({ id, ...each }) => ({
            ...each,
            strategy: { type: `custom:${TYPE}`, device_id: id },
          }))
        : [await emptyView(hass)],
    };
  }

  static async getCreateSuggestions(hass) {
    const text = await textsOf(hass, "title");
    return { title: text("title"), icon: ICON };
  }
}

const KINDS = { dashboard: AccountDashboard, view: AccountView, section: AccountSection };

const homeAssistant = () => document.querySelector("home-assistant").hass;

const offer = () => {
  // A new version is loaded into pages that still have the old one.
  if (customElements.get(EDITOR)) {
    return;
  }
  customElements.define(EDITOR, AccountEditor);
  const localize = (key) => homeAssistant()?.localize(`component.${DOMAIN}.${key}`);
  window.customStrategies ||= [];
  for (const [strategyType, strategy] of Object.entries(KINDS)) {
    customElements.define(`ll-strategy-${strategyType}-${TYPE}`, strategy);
    window.customStrategies.push({
      type: TYPE,
      strategyType,
      documentationURL: DOCUMENTATION,
      // Read when the dialog opens: only then the language is known.
      get name() {
        return localize("title") || "LLM Gateway Account";
      },
      get description() {
        return ["balance", "spent_today", "days_remaining", "request_count"]
          .map((key) => localize(`entity.sensor.${key}.name`))
          .filter(Boolean)
          .join(" · ");
      },
    });
  }
  setInterval(() => followPeriod(homeAssistant()), HOUR);
};

// The frontend puts a registry of elements of its own in the place of the browser's;
// what came before that, it never finds.
customElements.whenDefined("home-assistant").then(offer);
