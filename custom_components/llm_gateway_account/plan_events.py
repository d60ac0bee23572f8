"""What happened to the plans of an account: found in its lists, reported once."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from .events import (
    PLAN_ENDS_SOON,
    PLAN_LOW,
    PLAN_RESET,
    PLAN_USED_UP,
    AccountEvent,
)
from .gateway import Plan
from .spending.levels import MARGIN
from .stored_plans import StoredPlans, ToldPlan
from .unit import Unit

LOW_BELOW = 0.2
"""Share of a plan's own quota."""

ENDS_SOON = timedelta(days=3)


def changes_of_plans(
    stored: StoredPlans,
    plans: Iterable[Plan],
    labels: Mapping[int, str],
    unit: Unit,
    now: datetime,
) -> Iterator[AccountEvent]:
    """Yield what happened to the plans that run since they were last looked at.

    Stores how they are now. A plan that is looked at for the first time is as it is.
    """
    for plan in plans:
        before = stored.told.get(plan.id)
        if before and _is_of_before(plan, before):
            continue
        after = stored.told[plan.id] = _look_at(plan, before, now)
        if before:
            is_reset = _is_reset(plan, before)
            for kind in _changes(before, after, is_reset=is_reset):
                attributes = {"plan": labels[plan.id]} | _details(kind, plan, unit)
                yield AccountEvent(type=kind, attributes=attributes)


def _is_of_before(plan: Plan, before: ToldPlan) -> bool:
    """Tell whether a replica that lags answered: with the period before the last."""
    last, following = _seconds(plan.last_reset_at), _seconds(plan.resets_at)
    return 0 < last < before.last_reset or 0 < following < before.next_reset


def _look_at(plan: Plan, before: ToldPlan | None, now: datetime) -> ToldPlan:
    limit = LOW_BELOW * (plan.total or 0)
    if before and before.is_low:
        limit *= 1 + MARGIN / 100
    # A price that is taken in advance uses a plan up, and is given back in part.
    is_used_up = plan.is_used_up or bool(
        before
        and before.is_used_up
        and plan.remaining is not None
        and plan.remaining < limit
        and not _is_reset(plan, before)
    )
    ends_soon = plan.ends_at and plan.ends_at - ENDS_SOON <= now
    return ToldPlan(
        is_low=plan.remaining is not None and plan.remaining < limit,
        is_used_up=is_used_up,
        end=_seconds(plan.ends_at) if ends_soon else 0,
        last_reset=_seconds(plan.last_reset_at),
        next_reset=_seconds(plan.resets_at),
    )


def _is_reset(plan: Plan, before: ToldPlan) -> bool:
    # Some tell only the one, and of the last period there is no next.
    return (
        _seconds(plan.last_reset_at) > before.last_reset > 0
        or _seconds(plan.resets_at) > before.next_reset > 0
    )


def _changes(before: ToldPlan, after: ToldPlan, *, is_reset: bool) -> Iterator[str]:
    if is_reset:
        yield PLAN_RESET
    if after.is_used_up:
        if is_reset or not before.is_used_up:
            yield PLAN_USED_UP
    elif after.is_low and (is_reset or not before.is_low):
        yield PLAN_LOW
    if after.end and after.end != before.end:
        yield PLAN_ENDS_SOON


def _details(kind: str, plan: Plan, unit: Unit) -> dict[str, Any]:
    if kind == PLAN_LOW and plan.remaining is not None:
        return {"amount": unit.amount(plan.remaining), "currency": unit.currency}
    if kind == PLAN_ENDS_SOON and plan.ends_at:
        return {"ends_at": plan.ends_at.isoformat()}
    return {}


def _seconds(time: datetime | None) -> int:
    return int(time.timestamp()) if time else 0
