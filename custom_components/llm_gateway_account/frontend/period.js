// The period of a graph, chosen as in the energy dashboard.

import { WIDE } from "./cards.js";
import { DAY } from "./statistics.js";

// Of the energy integration, which needs no configuration for it.
const KEY = "energy_llm_gateway_account";
// Where the frontend keeps what a person chose to begin with; without it, one day.
const FIRST_PERIOD = `energy-default-period-_${KEY}`;
const LATEST_DAYS = "now-30d";

const isOffered = (hass) => hass.config.components.includes("energy");

export const ofPeriod = (hass) =>
  isOffered(hass) ? { energy_date_selection: true, collection_key: KEY } : {};

export const periodPicker = (hass) => {
  if (!isOffered(hass)) {
    return [];
  }
  localStorage[FIRST_PERIOD] ??= LATEST_DAYS;
  return [
    {
      type: "energy-date-selection",
      collection_key: KEY,
      disable_compare: true,
      ...WIDE,
    },
  ];
};

const midnight = () => new Date().setHours(0, 0, 0, 0);
let day = midnight();

// Without a configuration of energy, nobody else refreshes what is shown; and a period
// that ended with the day goes on with the next one.
export const followPeriod = ({ connection }) => {
  const period = connection[`_${KEY}`];
  const today = midnight();
  if (period?.isActive()) {
    if (day < today && period.end >= day && period.end < today) {
      const days = Math.round((today - day) / DAY);
      // Not by hours: a day may have 23 or 25 of them.
      const later = (date) => new Date(new Date(date).setDate(date.getDate() + days));
      period.setPeriod(later(period.start), later(period.end));
    }
    period.refresh();
  }
  day = today;
};
