// What the gateway recorded, as statistics that belong to no entity.

import { STACKED, PER_DAY, graph, inColors } from "./cards.js";
import { ofPeriod, periodPicker } from "./period.js";
import {
  DAY,
  changesByDay,
  changesOfMonth,
  isDrawn,
  ranked,
  spent,
} from "./statistics.js";

const PER_HOUR = { ...STACKED, period: "hour", days_to_show: 2, hide_legend: true };
const MODELS_OF_MONTH = 6;

const monthCard = ({ entity, name }) => ({
  type: "statistic",
  entity,
  name,
  stat_type: "change",
  period: { calendar: { period: "month" } },
});

export const usageOf = async (hass, attributes, texts) => {
  const { statistic_id: total, model_statistic_ids: models = {} } = attributes;
  const series = Object.entries(models).map(([name, entity]) => ({ entity, name }));
  const other = { entity: attributes.other_statistic_id, name: texts.other };
  const ids = [total, other.entity, ...Object.values(models)].filter(Boolean);
  const [days, months] = await Promise.all([
    changesByDay(hass, ids),
    changesOfMonth(hass, ids),
  ]);
  // All of them, so that a bar is as high as what was spent.
  const stack = inColors([...ranked(series, days), ...ranked([other], days)]);
  const recent = stack.filter(({ entity }) => spent(days[entity], Date.now() - 2 * DAY));
  const period = ofPeriod(hass);
  const perDay = stack.length
    ? graph(stack, texts.used_quota, { ...STACKED, ...period })
    : graph([{ entity: total, name: texts.total }], texts.used_quota, {
        ...PER_DAY,
        ...period,
      });
  return {
    graphs: [
      ...(isDrawn(days[total]) ? [...periodPicker(hass), perDay] : []),
      ...(recent.length
        ? [graph(recent, texts.spent_per_hour, PER_HOUR)]
        : []),
    ],
    month: ranked(series, months).slice(0, MODELS_OF_MONTH).map(monthCard),
  };
};
