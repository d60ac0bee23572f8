// A dashboard of the accounts, made of built-in cards from what Home Assistant knows.

import { accountView } from "./account.js";
import { DOMAIN, LEVEL, RECORDS, accountEntities, accounts, wordsOf } from "./accounts.js";
import { ICON } from "./cards.js";
import { overviewView } from "./overview.js";

const TYPE = "llm-gateway-account";
const OVERVIEW = "overview";

const emptyView = async (hass) => {
  const localize = await hass.loadBackendTranslation("config", DOMAIN);
  const button = {
    type: "button",
    icon: "mdi:wallet-plus",
    name: localize(`component.${DOMAIN}.config.initiate_flow.user`),
    tap_action: {
      action: "navigate",
      navigation_path: `/config/integrations/dashboard/add?domain=${DOMAIN}`,
    },
  };
  return { type: "sections", sections: [{ type: "grid", cards: [button] }] };
};

// Asked at every change of any state.
let known = {};
const watched = (hass) => {
  if (known.entities !== hass.entities) {
    const ids = (key) =>
      accountEntities(hass)
        .filter((each) => each.translation_key === key)
        .map((each) => each.entity_id);
    known = { entities: hass.entities, records: ids(RECORDS), levels: ids(LEVEL) };
  }
  return known;
};

const DEPENDENCIES = ["entities", "devices"];

// Colors are those of levels; and the first reading of the records makes the series, some
// seconds after the entities.
const isOther = (before, now) => {
  const { records, levels } = watched(now);
  return (
    DEPENDENCIES.some((key) => before[key] !== now[key]) ||
    levels.some((id) => before.states[id]?.state !== now.states[id]?.state) ||
    records.some((id) => before.states[id]?.attributes !== now.states[id]?.attributes)
  );
};

class AccountView extends HTMLElement {
  static registryDependencies = DEPENDENCIES;

  static shouldRegenerate(config, before, now) {
    return isOther(before, now);
  }

  static async generate({ device_id: chosen }, hass) {
    const shown = accounts(hass);
    if (chosen === OVERVIEW) {
      return overviewView(hass, shown);
    }
    const account = shown.find(({ id }) => !chosen || id === chosen);
    return account ? accountView(hass, account) : emptyView(hass);
  }
}

class AccountDashboard extends HTMLElement {
  static registryDependencies = DEPENDENCIES;

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
    const localize = await hass.loadBackendTranslation("title", DOMAIN);
    return { title: localize(`component.${DOMAIN}.title`), icon: ICON };
  }
}

const offer = () => {
  // A new version is loaded into pages that still have the old one.
  if (customElements.get(`ll-strategy-dashboard-${TYPE}`)) {
    return;
  }
  customElements.define(`ll-strategy-view-${TYPE}`, AccountView);
  customElements.define(`ll-strategy-dashboard-${TYPE}`, AccountDashboard);

  const localize = (key) =>
    document.querySelector("home-assistant").hass?.localize(`component.${DOMAIN}.${key}`);
  window.customStrategies ||= [];
  window.customStrategies.push({
    type: TYPE,
    strategyType: "dashboard",
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
};

// The frontend puts a registry of elements of its own in the place of the browser's;
// what came before that, it never finds.
customElements.whenDefined("home-assistant").then(offer);
