"""Which series of statistics an account's usage becomes, and how they are called."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers.translation import async_get_translations

from .const import CONF_MORE_SERIES, DOMAIN
from .device import async_get_name
from .gateway import ModelUsage
from .statistic_ids import Series, has_recorder, series_id
from .unit import Unit

if TYPE_CHECKING:
    from .data import AccountConfigEntry
    from .stored_usage import StoredUsage

TOTAL = "total"
OTHER = "other"

# More would not be a help to anybody; the cheapest share one.
MOST_MODELS = 40


def series_prefix(entry: AccountConfigEntry, stored: StoredUsage) -> str:
    """Return what the IDs of an account's series begin with, for its present unit.

    It begins with the account at the gateway, so that one that is added again goes on.
    """
    if stored.account_key is None:
        stored.account_key = _mark(str(entry.unique_id or entry.entry_id), 8)
    unit = Unit.from_options(entry.options)
    worth = _mark(f"{unit.points_per_unit:g}", 4)
    return f"{stored.account_key}_{unit.currency.lower()}_{worth}"


def wanted_series(
    hass: HomeAssistant, entry: AccountConfigEntry, stored: StoredUsage
) -> str | None:
    """Return what makes a difference to the series; another one begins anew.

    None without a recorder.
    """
    if not has_recorder(hass):
        return None
    has_more = entry.options.get(CONF_MORE_SERIES, False)
    return f"{series_prefix(entry, stored)} {has_more}"


def statistic_ids(
    hass: HomeAssistant, entry: AccountConfigEntry, stored: StoredUsage
) -> dict[str, Any] | None:
    """Return the IDs of the series of all costs, and of each model's by its name.

    A series is there as soon as there is such a cost; none is without a recorder.
    """
    if not has_recorder(hass):
        return None
    prefix = series_prefix(entry, stored)
    return {
        "statistic_id": f"{DOMAIN}:{prefix}_{TOTAL}",
        "other_statistic_id": f"{DOMAIN}:{prefix}_{OTHER}",
        "model_statistic_ids": {
            model: series_id(prefix, model) for model in stored.models
        },
    }


async def async_collect(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    rows: Sequence[ModelUsage],
    unattributed: Mapping[int, float],
    start: int,
) -> list[Series]:
    """Return the series that tell what was used from an hour on (Unix seconds).

    The cost of each model, of the others, and of all; if the options say so the
    requests and tokens of each model too. `unattributed` are points by hour that no
    model got.
    """
    stored = entry.runtime_data.account.storage.state.usage
    texts = await async_get_translations(
        hass, hass.config.language, "selector", {DOMAIN}
    )
    collection = SeriesCollection(
        series_prefix(entry, stored),
        Unit.from_options(entry.options),
        async_get_name(hass, entry),
        texts,
        has_counts=entry.options.get(CONF_MORE_SERIES, False),
    )

    def collect(known: tuple[str, ...]) -> list[str]:
        models = _choose_models(known, rows)
        own = set(models)
        for row in rows:
            if row.hour >= start:
                collection.add(row, is_own=row.model in own)
        for hour, quota in unattributed.items():
            collection.add_unattributed(hour, quota, has_others=bool(own))
        return models

    stored.models = await hass.async_add_executor_job(collect, tuple(stored.models))
    return list(collection.series.values())


class SeriesCollection:
    """Adds up what belongs to each series of an account."""

    def __init__(
        self,
        prefix: str,
        unit: Unit,
        device: str,
        texts: Mapping[str, str],
        *,
        has_counts: bool,
    ) -> None:
        """Start without a series. `texts` are the translations of selectors."""
        self.series: dict[str, Series] = {}
        self._prefix = prefix
        self._unit = unit
        self._device = device
        self._texts = texts
        self._has_counts = has_counts
        self._hours: dict[tuple[str, str], dict[int, float]] = {}
        """Those of each series, by what it counts and the model."""

    def add(self, row: ModelUsage, *, is_own: bool) -> None:
        """Add a row, to the series of its model if that has one of its own."""
        cost = row.quota / self._unit.points_per_unit
        self._add(TOTAL, "", row.hour, cost)
        if not is_own:
            self._add(OTHER, "", row.hour, cost)
            return
        self._add("cost", row.model, row.hour, cost)
        if self._has_counts:
            self._add("requests", row.model, row.hour, row.requests)
            self._add("tokens", row.model, row.hour, row.tokens)

    def add_unattributed(self, hour: int, quota: float, *, has_others: bool) -> None:
        """Add points that no model got."""
        cost = quota / self._unit.points_per_unit
        self._add(TOTAL, "", hour, cost)
        if has_others:
            self._add(OTHER, "", hour, cost)

    def _add(self, kind: str, model: str, hour: int, amount: float) -> None:
        hours = self._hours.get((kind, model))
        if hours is None:
            hours = self._hours[kind, model] = {}
            series = self._create(kind, model, hours)
            self.series[series.id] = series
        hours[hour] = hours.get(hour, 0) + amount

    def _create(self, kind: str, model: str, hours: dict[int, float]) -> Series:
        words = [self._device]
        if kind in {TOTAL, OTHER}:
            statistic_id = f"{DOMAIN}:{self._prefix}_{kind}"
        else:
            statistic_id = series_id(self._prefix, model, kind)
            words.append(model)
        if kind != "cost":
            words.append(
                self._texts[f"component.{DOMAIN}.selector.usage_series.options.{kind}"]
            )
        has_unit = kind not in {"requests", "tokens"}
        return Series(
            id=statistic_id,
            name=" ".join(words),
            unit=self._unit.currency if has_unit else None,
            hours=hours,
        )


def _choose_models(known: Iterable[str], rows: Iterable[ModelUsage]) -> list[str]:
    """Give the most expensive models a series of their own, which they keep."""
    models = dict.fromkeys(known)
    quotas: dict[str, float] = defaultdict(float)
    for row in rows:
        if row.model not in models:
            quotas[row.model] += row.quota
    for model in sorted(quotas, key=lambda each: (-quotas[each], each)):
        if len(models) < MOST_MODELS:
            models[model] = None
    return list(models)


def _mark(text: str, length: int) -> str:
    return sha256(text.encode()).hexdigest()[:length]
