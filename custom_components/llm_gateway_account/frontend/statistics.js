// What Home Assistant's statistics say of a time.

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
export const DAYS = 30;

const changes = async (hass, ids, period, start) => {
  try {
    return await hass.callWS({
      type: "recorder/statistics_during_period",
      start_time: new Date(start).toISOString(),
      period,
      types: ["change"],
      statistic_ids: ids,
    });
  } catch {
    return {}; // without a recorder
  }
};

// What they changed by in each of the days that are shown.
export const changesByDay = (hass, ids) =>
  changes(hass, ids, "day", Date.now() - DAYS * DAY);

export const changesOfMonth = (hass, ids) => changes(hass, ids, "month", Date.now());

export const spent = (rows = [], since = 0) =>
  rows.reduce((sum, { end, change }) => (end > since ? sum + (change ?? 0) : sum), 0);

// The most expensive first.
export const ranked = (series, rows) =>
  series
    .filter(({ entity }) => spent(rows[entity]) > 0)
    .sort((a, b) => spent(rows[b.entity]) - spent(rows[a.entity]));

// One day is no graph.
export const isDrawn = (days = []) => days.length > 1;
