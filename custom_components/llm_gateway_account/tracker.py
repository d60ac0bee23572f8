"""Remembers what an account was like, and tells what happened to it since."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
import logging
from typing import Any

import voluptuous as vol

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util
from homeassistant.util.hass_dict import HassKey

from .const import (
    CONF_CRITICAL_BALANCE,
    CONF_LOW_BALANCE,
    CONF_POINTS_PER_UNIT,
    CONF_UNUSUAL_FACTOR,
    CONF_UNUSUAL_MINIMUM,
    CONF_USER_ID,
    DOMAIN,
    LOGGER,
)
from .gateway import Account
from .gateway.models import DEFAULT_QUOTA_PER_UNIT
from .spending import Activity, ActivityType, Ledger, Limits, Spending
from .unit import Unit

STORAGE_VERSION = 1

GROUP_CHANGED = "group_changed"
SIGNED_IN = "signed_in"

ACTIVITY_TYPES = [*ActivityType, GROUP_CHANGED, SIGNED_IN]

# The files that could not be read since Home Assistant started.
UNREADABLE: HassKey[set[str]] = HassKey(f"{DOMAIN}_unreadable")

STORED_SCHEMA = vol.Schema(
    {
        "ledger": dict,
        "group": vol.Any(None, str),
        "last_login_at": vol.Any(None, cv.datetime),
        "activities": [{"type": vol.In(ACTIVITY_TYPES), "attributes": dict}],
        vol.Optional("account", default=None): vol.Any(None, str),
    },
    required=True,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountActivity:
    """Something that happened to an account."""

    type: str
    """One of ACTIVITY_TYPES."""
    attributes: dict[str, Any]
    """What there is to say about it: amounts in the account's unit, names, times."""


class AccountTracker:
    """What has to be known from earlier polls, over restarts and reloads."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Know nothing yet."""
        self._store = create_store(hass, entry)
        # Enough to notice another user ID, which is not itself for this file.
        self._account = sha256(entry.data[CONF_USER_ID].encode()).hexdigest()[:8]
        self._unit = Unit.from_options(entry.options)
        self._limits = _limits(entry.options, self._unit)
        self._ledger = Ledger()
        self._group: str | None = None
        self._last_login_at: datetime | None = None
        self._activities: list[AccountActivity] = []

    async def async_load(self) -> None:
        """Remember what was known before the last restart or reload.

        What cannot be read is left where it is, for whoever can read it.
        """
        try:
            if data := await self._store.async_load():
                self._read(data)
        except (HomeAssistantError, vol.Invalid, ValueError) as err:
            # A set-up that fails is tried again and again; it is told once.
            told = self._store.hass.data.setdefault(UNREADABLE, set())
            level = logging.DEBUG if self._store.key in told else logging.WARNING
            told.add(self._store.key)
            LOGGER.log(
                level,
                "What is known of the past spending of an account cannot be read"
                " and starts anew (%s)",
                type(err).__name__,
            )
            if isinstance(err, HomeAssistantError):
                self._store.make_read_only()

    @callback
    def async_observe(self, account: Account) -> Spending:
        """Take in a good answer, and return what was spent so far."""
        revision = self._ledger.revision
        spending, activities = self._ledger.observe(
            dt_util.now(), account.quota, account.used_quota, self._limits
        )
        news = [
            *(self._in_unit(each) for each in activities),
            *self._compare(account),
        ]
        self._activities += news
        if news or self._ledger.revision != revision:
            self.async_write_now()
        return spending

    @callback
    def async_take_activities(self) -> list[AccountActivity]:
        """Return what happened since the last call."""
        activities, self._activities = self._activities, []
        if activities:
            self.async_write_now()
        return activities

    async def async_save(self) -> None:
        """Write all there is now."""
        await self._store.async_save(self._as_dict())

    @callback
    def async_write_now(self) -> None:
        """Write before a crash can forget what people saw, or tell it twice."""
        self._store.async_delay_save(self._as_dict)

    def _compare(self, account: Account) -> list[AccountActivity]:
        """Return what happened beside the spending."""
        news = []
        group, last_login_at = account.group_name, account.last_login_at
        if group is not None:
            if self._group not in {None, group}:
                attributes = {"from": self._group, "to": group}
                news.append(AccountActivity(type=GROUP_CHANGED, attributes=attributes))
            self._group = group
        if last_login_at is not None:
            if self._last_login_at is not None and last_login_at > self._last_login_at:
                attributes = {"last_login_at": last_login_at.isoformat()}
                news.append(AccountActivity(type=SIGNED_IN, attributes=attributes))
            self._last_login_at = last_login_at
        return news

    def _in_unit(self, activity: Activity) -> AccountActivity:
        amounts = {"amount": activity.amount, "usual": activity.usual}
        attributes: dict[str, Any] = {
            key: self._unit.amount(points)
            for key, points in amounts.items()
            if points is not None
        }
        if attributes:
            attributes["currency"] = self._unit.currency
        if activity.alerts is not None:
            attributes["alerts"] = [each.value for each in activity.alerts]
        return AccountActivity(type=activity.type, attributes=attributes)

    def _as_dict(self) -> dict[str, Any]:
        return {
            "ledger": self._ledger.as_dict(),
            "group": self._group,
            "last_login_at": self._last_login_at and self._last_login_at.isoformat(),
            "activities": [
                {"type": each.type, "attributes": each.attributes}
                for each in self._activities
            ],
            "account": self._account,
        }

    def _read(self, data: Any) -> None:
        """Take over what was stored, all of it or nothing.

        Raises vol.Invalid or ValueError if it is not what `_as_dict` returned.
        """
        data = STORED_SCHEMA(data)
        self._ledger = Ledger.from_dict(data["ledger"])
        if data["account"] not in {None, self._account}:
            self._ledger.forget_account()
            return
        self._group = data["group"]
        self._last_login_at = data["last_login_at"]
        self._activities = [AccountActivity(**each) for each in data["activities"]]


def create_store(hass: HomeAssistant, entry: ConfigEntry) -> Store[dict[str, Any]]:
    """Return the file in which an account is remembered."""
    return Store(
        hass,
        STORAGE_VERSION,
        f"{DOMAIN}.{entry.entry_id}",
        private=True,
        atomic_writes=True,
    )


def _limits(options: Mapping[str, Any], unit: Unit) -> Limits:
    # Nobody sells less than one unit. What is less is the refund of a failed request,
    # or the correction of an estimate.
    smallest_top_up = options[CONF_POINTS_PER_UNIT]
    if unit.currency != "USD":  # of which a unit may be a few cents
        smallest_top_up = max(smallest_top_up, DEFAULT_QUOTA_PER_UNIT)
    return Limits(
        low=unit.points(options[CONF_LOW_BALANCE]),
        critical=unit.points(options[CONF_CRITICAL_BALANCE]),
        unusual_factor=options[CONF_UNUSUAL_FACTOR],
        unusual_minimum=unit.points(options[CONF_UNUSUAL_MINIMUM]),
        smallest_top_up=smallest_top_up,
    )
