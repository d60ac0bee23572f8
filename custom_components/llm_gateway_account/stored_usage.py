"""What was done with a gateway's usage records, which outlives a restart."""

from dataclasses import dataclass, field
from enum import StrEnum

import voluptuous as vol

from homeassistant.helpers import config_validation as cv


class UsageRecords(StrEnum):
    """What records of the usage a gateway keeps."""

    HOURLY = "hourly"
    """Per hour and model."""
    DAILY = "daily"
    """Sums of any time, without models."""
    OFF = "off"
    """The operator switched them off; there are sums at most."""
    NONE = "none"


_AMOUNT = vol.All(vol.Any(int, float), vol.Coerce(float))

# Not in the file of 0.1.0; what an older version did not write starts anew.
STORED_USAGE_SCHEMA = vol.Schema(
    {
        vol.Optional("account_key"): vol.Any(None, str),
        vol.Optional("series"): vol.Any(None, str),
        vol.Optional("models"): [str],
        vol.Optional("history_from"): cv.positive_int,
        vol.Optional("imported_from"): cv.positive_int,
        vol.Optional("past_from"): cv.positive_int,
        vol.Optional("past_until"): cv.positive_int,
        vol.Optional("hourly_from"): cv.positive_int,
        vol.Optional("imported_until"): cv.positive_int,
        vol.Optional("entered_until"): cv.positive_int,
        vol.Optional("checked_until"): cv.positive_int,
        vol.Optional("ahead"): _AMOUNT,
        vol.Optional("used_quota"): vol.Any(None, _AMOUNT),
        vol.Optional("request_count"): vol.Any(None, int),
        vol.Optional("records"): vol.Any(None, vol.Coerce(UsageRecords)),
        vol.Optional("day"): vol.Any(None, str),
        vol.Optional("models_of_day"): [vol.ExactSequence([str, _AMOUNT])],
    },
    extra=vol.REMOVE_EXTRA,
)


@dataclass(kw_only=True, slots=True)
class StoredUsage:
    """What was done with the gateway's usage records; times are Unix seconds."""

    account_key: str | None = None
    """Names the account in statistics; stays when the gateway moves."""
    series: str | None = None
    """What the statistics written last were made for: account, unit, options."""
    models: list[str] = field(default_factory=list)
    """Models with a series of their own."""
    history_from: int = 0
    """From when on there are to be statistics; 0 before anybody knows."""
    imported_from: int = 0
    """From when on there are."""
    past_from: int = 0
    """From when on the earlier time is being written, window by window."""
    past_until: int = 0
    """Up to where that is done; 0 while nothing is."""
    hourly_from: int = 0
    """From which hour on rows count; before that, the sums have told."""
    imported_until: int = 0
    """The last reading; 0 before anything was imported."""
    entered_until: int = 0
    """Of which time the ledger was told what the records say."""
    checked_until: int = 0
    """Up to which hour it is known what no model got."""
    ahead: float = 0
    """By how many points the account was ahead of its records then, or behind."""
    used_quota: float | None = None
    """That of which the records are known."""
    request_count: int | None = None
    """The same; requests that cost nothing are recorded too."""
    records: UsageRecords | None = None
    """None before the gateway told."""
    day: str | None = None
    """The local day of the last reading."""
    models_of_day: list[tuple[str, float]] = field(default_factory=list)
    """What each model cost on that day (points), the most expensive first."""

    def main_model(self, day: str) -> str | None:
        """Return the model that makes more than half of what a local day cost."""
        models = self.models_of_day if day == self.day else []
        if not models:
            return None
        model, most = models[0]
        return model if 2 * most > sum(cost for _, cost in models) else None
