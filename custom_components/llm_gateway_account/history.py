"""Actions on the usage history: what Home Assistant's statistics hold of an account."""

import asyncio
from datetime import datetime
from typing import Any, Literal

import voluptuous as vol

from homeassistant.components.recorder import DOMAIN as RECORDER, get_instance
from homeassistant.components.recorder.statistics import (
    list_statistic_ids,
    statistics_during_period,
)
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_DEVICE_ID
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util

from .const import DOMAIN
from .data import AccountConfigEntry
from .device import async_get_loaded
from .series import OTHER, TOTAL, series_prefix
from .statistics import series_id
from .unit import Unit

ATTR_START = "start"
ATTR_END = "end"
ATTR_PERIOD = "period"
ATTR_BY = "by"

type Period = Literal["hour", "day", "month"]

GET_USAGE_SCHEMA = vol.Schema(
    {
        vol.Required(ATTR_DEVICE_ID): cv.string,
        vol.Optional(ATTR_START): cv.datetime,
        vol.Optional(ATTR_END): cv.datetime,
        vol.Optional(ATTR_PERIOD, default="day"): vol.In(["hour", "day", "month"]),
        vol.Optional(ATTR_BY, default="model"): vol.In(["model", "total"]),
    }
)

CLEAR_HISTORY_SCHEMA = vol.Schema({vol.Optional(ATTR_DEVICE_ID): cv.string})


async def async_get_usage(call: ServiceCall) -> ServiceResponse:
    """Return what was spent per period, by model or in total; amounts in the unit.

    From the start of the month to now where no times are given; local days and months
    are whole. Requests and tokens are there if they are kept. Raises
    ServiceValidationError if the device is no account's, the times are in no order, or
    there is no recorder.
    """
    hass = call.hass
    entry = async_get_loaded(hass, call.data[ATTR_DEVICE_ID])
    _require_recorder(hass)
    start = _local(call.data.get(ATTR_START)) or dt_util.start_of_local_day().replace(
        day=1
    )
    end = _local(call.data.get(ATTR_END)) or dt_util.now()
    if start >= end:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="end_before_start"
        )
    stored = entry.runtime_data.usage.stored
    prefix = series_prefix(entry, stored)
    # What stands for several models is no model that happens to be called so.
    names: dict[str, tuple[bool, str | None, str]] = {
        f"{DOMAIN}:{prefix}_{TOTAL}": (True, None, "cost")
    }
    if call.data[ATTR_BY] == "model":
        names = {f"{DOMAIN}:{prefix}_{OTHER}": (True, OTHER, "cost")}
        for model in stored.models:
            for kind in ("cost", "requests", "tokens"):
                names[series_id(prefix, model, kind)] = (False, model, kind)
    period: Period = call.data[ATTR_PERIOD]
    found = await get_instance(hass).async_add_executor_job(
        statistics_during_period,
        hass,
        start,
        end,
        set(names),
        period,
        None,
        {"change"},
    )
    usage: dict[tuple[float, bool, str | None], dict[str, Any]] = {}
    for statistic_id, rows in found.items():
        is_several, name, counted = names[statistic_id]
        for row in rows:
            if change := row.get("change"):
                item = usage.setdefault((row["start"], is_several, name), {})
                digits = 6 if counted == "cost" else None
                item[counted] = round(change, digits)
    return {
        "currency": Unit.from_options(entry.options).currency,
        "usage": [
            {
                "start": dt_util.as_local(
                    dt_util.utc_from_timestamp(moment)
                ).isoformat(),
                **({} if model is None else {"model": model}),
                **values,
            }
            for (moment, _, model), values in sorted(
                usage.items(),
                key=lambda item: (item[0][0], -item[1].get("cost", 0)),
            )
        ],
    }


async def async_clear_history(call: ServiceCall) -> None:
    """Remove the statistics of one account; without a device those of none any more.

    The account's own begin anew with the next reading. Raises ServiceValidationError if
    the device is no account's, or there is no recorder.
    """
    hass = call.hass
    _require_recorder(hass)
    device_id = call.data.get(ATTR_DEVICE_ID)
    entries: list[AccountConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    if device_id:
        entries = [async_get_loaded(hass, device_id)]
    elif any(entry.state is not ConfigEntryState.LOADED for entry in entries):
        # Only a loaded one knows what its series are called.
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="not_all_loaded"
        )
    of_entries = tuple(
        f"{DOMAIN}:{entry.runtime_data.usage.stored.account_key}_" for entry in entries
    )
    clear = _async_clear(hass, of_entries, is_of_entries=bool(device_id))
    if device_id:
        await entries[0].runtime_data.usage.async_begin_anew(clear)
    else:
        await clear


async def _async_clear(
    hass: HomeAssistant, of_entries: tuple[str, ...], *, is_of_entries: bool
) -> None:
    """Remove the series whose IDs begin so, or all others; return when it is done."""
    instance = get_instance(hass)
    known = await instance.async_add_executor_job(list_statistic_ids, hass)
    ids = [str(each["statistic_id"]) for each in known if each["source"] == DOMAIN]
    cleared = asyncio.Event()

    def on_done() -> None:
        hass.loop.call_soon_threadsafe(cleared.set)

    instance.async_clear_statistics(
        [each for each in ids if each.startswith(of_entries) is is_of_entries],
        on_done=on_done,
    )
    await cleared.wait()


def _local(moment: datetime | None) -> datetime | None:
    """Return a time of a form, which is local where it names no zone."""
    return moment and dt_util.as_local(moment)


def _require_recorder(hass: HomeAssistant) -> None:
    if RECORDER not in hass.config.components:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_recorder"
        )
