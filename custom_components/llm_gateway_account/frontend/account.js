// All there is of one account.

import {
  LEVEL,
  RECORDS,
  accountEntities,
  idsOf,
  namesOf,
  wordsOf,
} from "./accounts.js";
import {
  ICON,
  PER_DAY,
  REPAIRS,
  WIDE,
  balanceTile,
  firstDay,
  graph,
  heading,
  noAnswer,
  tile,
  titled,
  topUpTile,
  unusualTile,
  view,
} from "./cards.js";
import { DAY, DAYS, changes, isDrawn } from "./statistics.js";
import { usageOf } from "./usage.js";

const ALERTS = ["low_balance", "unusual_spending"];
const TILES = {
  balance: WIDE,
  spent_today: { color: "orange" },
  spent_this_month: { color: "orange" },
  average_daily_spending: { color: "amber" },
  days_remaining: { color: "teal" },
  request_count: { color: "blue" },
  used_quota: { color: "blue-grey" },
  top_model: { color: "deep-purple", ...WIDE },
  activity: { color: "indigo", state_content: ["event_type", "state"], ...WIDE },
};
const TRENDS = { balance: { features: [{ type: "trend-graph" }] } };
const GRAPHS = {
  // A sensor has "state" in money and "mean" in points; the card draws what there is.
  balance: { chart_type: "line", period: "hour", stat_types: ["state", "mean"] },
  used_quota: PER_DAY,
  request_count: PER_DAY,
};

export const accountView = async (hass, { id, title }) => {
  const entities = accountEntities(hass).filter((each) => each.device_id === id);
  const ids = idsOf(hass, id);
  const all = (keys, card) =>
    keys.filter((key) => key in ids).map((key) => card(ids[key], key));
  const option = await wordsOf(hass);
  const name = (key) => option("graph", key);
  const usage = await usageOf(hass, hass.states[ids[RECORDS]]?.attributes ?? {}, {
    used_quota: name("used_quota"),
    spent_per_hour: name("spent_per_hour"),
    total: option("usage_series", "total"),
    other: option("usage_series", "other"),
  });
  const sensors = all(Object.keys(GRAPHS), (entity) => entity);
  const days = await changes(hass, sensors, "day", Date.now() - DAYS * DAY);
  const graphs = (keys) =>
    all(keys, (entity, key) =>
      graph([{ entity, name: { type: "entity" } }], name(key), GRAPHS[key]),
    ).filter(({ entities: [{ entity }] }) => isDrawn(days[entity]));
  const word = (key) => hass.localize(`ui.dialogs.more_info_control.${key}`);
  const placed = [LEVEL, ...ALERTS, ...Object.keys(TILES)];
  const details = entities
    .filter((each) => !placed.includes(each.translation_key))
    .sort((a, b) => Boolean(a.entity_category) - Boolean(b.entity_category));
  const sensor = await namesOf(hass);
  const url = hass.devices[id].configuration_url;
  const sections = [
    [
      heading(title, ICON, ids[LEVEL]),
      REPAIRS,
      ...all(["balance"], (entity) => noAnswer(entity, name("no_answer"))),
      ...all([LEVEL], () => topUpTile(hass, ids, name("top_up"), url)),
      ...all(["unusual_spending"], () => unusualTile(ids, sensor("unusual_spending"))),
      ...all(["spent_today"], () => firstDay(ids, name("first_day"))),
      ...all(Object.keys(TILES), (entity, key) => {
        const options = { ...TILES[key], ...(days[entity] && TRENDS[key]) };
        return key === "balance"
          ? balanceTile(hass, ids, options)
          : tile(entity, options);
      }),
      ...graphs(["balance"]),
      ...titled(heading(sensor("spent_this_month"), "mdi:calendar-month"), usage.month),
    ],
    [
      ...titled(heading(word("history"), "mdi:chart-bar"), [
        ...(usage.graphs.length ? usage.graphs : graphs(["used_quota"])),
        ...graphs(["request_count"]),
      ]),
      ...titled(
        heading(word("details"), "mdi:information-outline"),
        details.map((each) => tile(each.entity_id)),
      ),
    ],
  ];
  return view(sections);
};
