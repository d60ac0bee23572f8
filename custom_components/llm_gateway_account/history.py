"""Actions on the usage history: what Home Assistant's statistics hold of an account."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.util import dt as dt_util

from .chosen import async_get_chosen
from .const import DOMAIN
from .data import AccountConfigEntry
from .series import OTHER, TOTAL, series_prefix
from .services import ATTR_BY, ATTR_END, ATTR_PERIOD, ATTR_START
from .statistic_ids import has_recorder, series_id
from .unit import Unit

if TYPE_CHECKING:
    from .statistics import Period

_LONG_AGO = datetime(2000, 1, 1, tzinfo=UTC)


async def async_get_usage(call: ServiceCall) -> ServiceResponse:
    """Return what was spent per period, by model or in total; amounts in the unit.

    From the start of the month to now where no times are given; local days and months
    are whole. Requests and tokens are there if they are kept. Raises
    ServiceValidationError if no account is named, the times are in no order, or there
    is no recorder.
    """
    hass = call.hass
    entry = async_get_chosen(call)
    _require_recorder(hass)
    start = _local(call.data.get(ATTR_START)) or dt_util.start_of_local_day().replace(
        day=1
    )
    end = _local(call.data.get(ATTR_END)) or dt_util.now()
    if start >= end:
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="end_before_start"
        )
    # Nothing is known beyond, and the recorder stumbles at the ends of the calendar.
    start, end = max(start, _LONG_AGO), min(end, dt_util.now())
    return await async_read_usage(
        hass, entry, start, end, call.data[ATTR_PERIOD], call.data[ATTR_BY]
    )


async def async_read_usage(  # noqa: PLR0913, PLR0917
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    start: datetime,
    end: datetime,
    period: Period,
    by: str,
) -> dict[str, Any]:
    """Return the `currency` of a loaded entry, and its `usage` per period.

    `by` is `model` or `total`. There has to be a recorder.
    """
    stored = entry.runtime_data.usage.stored
    prefix = series_prefix(entry, stored)
    # What stands for several models is no model that happens to be called so.
    names: dict[str, tuple[bool, str | None, str]] = {
        f"{DOMAIN}:{prefix}_{TOTAL}": (True, None, "cost")
    }
    if by == "model":
        names = {f"{DOMAIN}:{prefix}_{OTHER}": (True, OTHER, "cost")}
        for model in stored.models:
            for kind in ("cost", "requests", "tokens"):
                names[series_id(prefix, model, kind)] = (False, model, kind)
    from .statistics import async_read_changes  # noqa: PLC0415

    found = await async_read_changes(hass, start, end, set(names), period)
    usage: dict[tuple[float, bool, str | None], dict[str, Any]] = {}
    for statistic_id, rows in found.items():
        is_several, name, counted = names[statistic_id]
        for moment, change in rows:
            if change:
                item = usage.setdefault((moment, is_several, name), {})
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
    """Remove the statistics of one account; without one those of none any more.

    The account's own begin anew with the next reading. Raises ServiceValidationError if
    two are named or it is no account, or there is no recorder.
    """
    hass = call.hass
    _require_recorder(hass)
    is_of_one = bool(call.data)
    entries: list[AccountConfigEntry] = hass.config_entries.async_entries(DOMAIN)
    if is_of_one:
        entries = [async_get_chosen(call)]
    elif any(entry.state is not ConfigEntryState.LOADED for entry in entries):
        # Only a loaded one knows what its series are called.
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="not_all_loaded"
        )
    of_entries = tuple(
        f"{DOMAIN}:{entry.runtime_data.usage.stored.account_key}_" for entry in entries
    )
    from .statistics import async_clear  # noqa: PLC0415

    def is_due(statistic_id: str) -> bool:
        return statistic_id.startswith(of_entries) is is_of_one

    if not is_of_one:
        await async_clear(hass, is_due)
        return
    usage = None
    # Where the account was reloaded meanwhile, some may be written already, or not.
    while usage is not entries[0].runtime_data.usage:
        usage = entries[0].runtime_data.usage
        await usage.async_begin_anew(async_clear(hass, is_due))


def _local(moment: datetime | None) -> datetime | None:
    """Return a time of a form, which is local where it names no zone."""
    try:
        return moment and dt_util.as_local(moment)
    except OverflowError:
        # At the ends of the calendar, where no hour counts.
        return moment and moment.replace(tzinfo=UTC)


def _require_recorder(hass: HomeAssistant) -> None:
    if not has_recorder(hass):
        raise ServiceValidationError(
            translation_domain=DOMAIN, translation_key="no_recorder"
        )
