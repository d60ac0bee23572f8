"""What was spent and what is left, as a text in the language of the home."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util

from .coordinator import AccountCoordinator
from .data import AccountConfigEntry
from .device import async_get_fresh, async_get_name
from .history import async_read_usage
from .sentences import Sentences, async_get_sentences
from .series import OTHER
from .statistic_ids import has_recorder

_DAYS_OF_A_WEEK = 7
_DEAREST = 3


async def async_report(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    *,
    is_of_week: bool,
    lists_models: bool,
) -> tuple[str, str]:
    """Return title and lines on an account: of today, or of the past seven days.

    An account that is not known at the moment has a line that says so.
    """
    sentences = await async_get_sentences(hass)
    title, name = sentences.sentence("report_title"), async_get_name(hass, entry)
    if (coordinator := async_get_fresh(entry)) is None:
        return title, f"{name}\n{sentences.sentence('unknown')}"
    lines = [name]
    if is_of_week and (total := await _costs(hass, entry, "total", is_of_week=True)):
        amount = sentences.amount(sum(total.values()), coordinator.unit.currency)
        lines.append(sentences.line(sentences.sentence("report_week"), amount))
    lines += _figures(sentences, coordinator, has_today=not is_of_week)
    costs = {}
    if lists_models:
        costs = await _costs(hass, entry, "model", is_of_week=is_of_week)
        costs.pop(OTHER, None)
    if costs:
        dearest = sorted(costs, key=lambda each: -costs[each])[:_DEAREST]
        models = (
            f"{each} ({sentences.amount(costs[each], coordinator.unit.currency)})"
            for each in dearest
        )
        name = sentences.sentence("report_models")
        lines.append(sentences.line(name, ", ".join(models)))
    return title, "\n".join(lines)


def _figures(
    sentences: Sentences, coordinator: AccountCoordinator, *, has_today: bool
) -> Iterator[str]:
    """Yield a line for each figure that is known, by the name of its entity."""
    spending, unit = coordinator.data.spending, coordinator.unit
    for key, points in (
        ("spent_today", spending.spent_today if has_today else None),
        ("spent_this_month", spending.spent_this_month),
        ("average_daily_spending", spending.average_daily),
        ("balance", coordinator.data.account.quota),
    ):
        if points is not None:
            amount = sentences.amount(unit.amount(points), unit.currency)
            yield sentences.line(sentences.entity(f"sensor.{key}"), amount)
    if spending.days_remaining is not None:
        name = sentences.entity("sensor.days_remaining")
        yield sentences.line(name, f"{spending.days_remaining:.0f}")


async def _costs(
    hass: HomeAssistant, entry: AccountConfigEntry, by: str, *, is_of_week: bool
) -> dict[str | None, float]:
    """Return what each model cost, and OTHER; of all together under None.

    Nothing where it is not recorded.
    """
    costs: dict[str | None, float] = defaultdict(float)
    if has_recorder(hass):
        now = dt_util.now()
        days = timedelta(days=_DAYS_OF_A_WEEK if is_of_week else 0)
        start = dt_util.start_of_local_day(now - days)
        answer = await async_read_usage(hass, entry, start, now, "day", by)
        for each in answer["usage"]:
            costs[each.get("model")] += each.get("cost", 0)
    return costs
