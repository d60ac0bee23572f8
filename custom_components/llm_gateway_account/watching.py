"""Brings the limits of automations and the answers of accounts together."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.target import TargetSelection
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .device import async_get_targeted
from .thresholds import Crossing

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator, AccountData
    from .unit import Unit

_WATCHES: HassKey[list[Watch]] = HassKey(f"{DOMAIN}_watches")


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Watch:
    """A limit on a figure of the accounts of a target."""

    figure: str
    limit: float
    """In the account's unit, or days."""
    target: TargetSelection


@callback
def async_watch(hass: HomeAssistant, watch: Watch) -> CALLBACK_TYPE:
    """Let the accounts of a target compare their answers with a limit from now on."""
    watches = hass.data.setdefault(_WATCHES, [])
    watches.append(watch)
    for entry in async_get_targeted(hass, watch.target):
        if entry.state is ConfigEntryState.LOADED:
            _async_follow(hass, entry.runtime_data.account)

    @callback
    def remove() -> None:
        watches.remove(watch)

    return remove


@callback
def async_judge(
    hass: HomeAssistant,
    coordinator: AccountCoordinator,
    data: AccountData,
    now: datetime,
    *,
    is_topped_up: bool = False,
) -> None:
    """Compare a good answer with every limit that was ever brought along.

    Also with those whose automations are not there yet: Home Assistant starts.
    """
    crossings, unit = coordinator.storage.state.crossings, coordinator.unit
    if not crossings and not hass.data.get(_WATCHES):
        return
    time = int(now.timestamp())
    for crossing in crossings:
        crossing.judge(data, unit, time, is_topped_up=is_topped_up)
    if coordinator.events.can_fire:
        wanted = _async_wanted(hass, coordinator)
        crossings[:] = [
            each for each in crossings if (each.figure, each.limit) in wanted
        ]
        _add_missing(crossings, wanted, data, unit)


@callback
def _async_follow(hass: HomeAssistant, coordinator: AccountCoordinator) -> None:
    _add_missing(
        coordinator.storage.state.crossings,
        _async_wanted(hass, coordinator),
        coordinator.data,
        coordinator.unit,
    )
    coordinator.storage.async_write_if_changed()


@callback
def _async_wanted(
    hass: HomeAssistant, coordinator: AccountCoordinator
) -> set[tuple[str, float]]:
    entry = coordinator.config_entry
    return {
        (watch.figure, watch.limit)
        for watch in hass.data.get(_WATCHES, ())
        if entry in async_get_targeted(hass, watch.target)
    }


def _add_missing(
    crossings: list[Crossing],
    wanted: set[tuple[str, float]],
    data: AccountData,
    unit: Unit,
) -> None:
    known = {(each.figure, each.limit) for each in crossings}
    begun = (Crossing.begin(*each, data, unit) for each in wanted - known)
    crossings += filter(None, begun)
