// What Home Assistant's statistics say of a time.

export const DAY = 86_400_000;
export const DAYS = 30;

// What they changed by in each day, or month, from the one of a moment on.
export const changes = async (hass, ids, period, start) => {
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

export const spent = (rows = [], since = 0) =>
  rows.reduce((sum, { end, change }) => (end > since ? sum + (change ?? 0) : sum), 0);

// The most expensive first.
export const ranked = (series, rows) =>
  series
    .filter(({ entity }) => spent(rows[entity]) > 0)
    .sort((a, b) => spent(rows[b.entity]) - spent(rows[a.entity]));

// One day is no graph.
export const isDrawn = (days = []) => days.length > 1;
