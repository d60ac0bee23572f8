"""The plans of an account, which pay beside its balance or in its place.

Sources: `controller/subscription.go`, `model/subscription.go` and
`service/billing_session.go` of new-api since February 2026, and answers of builds of
it; forks that put the plan beside each subscription.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Self

from .errors import OtherShapeError
from .values import integer, moment, name, number, text

MOST_PLANS = 50
"""What is kept of one answer."""

_ACTIVE = "active"

# The servers count in 64 bits.
_TOO_MUCH = 2**63

# What forks call the list; the last one has those that ended, too.
_LISTS = ("subscriptions", "usable_subscriptions", "all_subscriptions")


class BillingPreference(StrEnum):
    """What a gateway takes a request from, as the holder of the account chose."""

    PLAN_FIRST = "subscription_first"
    BALANCE_FIRST = "wallet_first"
    PLAN_ONLY = "subscription_only"
    BALANCE_ONLY = "wallet_only"


class PaidBy(StrEnum):
    """What pays for the next request."""

    BALANCE = "balance"
    PLAN = "plan"
    NOTHING = "nothing"
    """The gateway refuses it."""


class Plan(NamedTuple):
    """A plan that an account has, or had.

    Quotas are points, times are aware; None where a gateway does not tell.
    """

    id: int
    """Of this purchase; the next one of the same plan has another."""
    plan_id: int | None = None
    title: str | None = None
    """Most gateways tell it elsewhere: see `plan_titles`."""
    status: str | None = None
    total: float | None = None
    """Points until the next reset, or until the end; None if there is no limit, too."""
    used: float | None = None
    is_unlimited: bool = False
    ends_at: datetime | None = None
    resets_at: datetime | None = None
    """When `used` begins anew; None if never. The gateway may be late with it."""
    last_reset_at: datetime | None = None
    falls_back: bool = True
    """Whether the balance may pay once it is used up (new-api from August 2026)."""

    @classmethod
    def from_row(cls, row: Any) -> Self | None:
        """Read a row of the list; None if it is no plan."""
        if not isinstance(row, Mapping):
            return None
        # Some send it as it is, most inside of an object.
        data = _object(row, "subscription") or row
        number_of_plan = integer(data.get("id"))
        if number_of_plan is None or not 0 < number_of_plan < _TOO_MUCH:
            return None
        total = _points(data.get("amount_total"))
        titles = (
            (_object(each, "plan") or {}).get("title", each.get("plan_title"))
            for each in (row, data)
        )
        return cls(
            id=number_of_plan,
            plan_id=_identity(data.get("plan_id")),
            title=next(filter(None, map(name, titles)), None),
            status=text(data.get("status")),
            total=total or None,
            used=_points(data.get("amount_used")),
            is_unlimited=total == 0,
            ends_at=moment(data.get("end_time")),
            resets_at=moment(data.get("next_reset_time")),
            last_reset_at=moment(data.get("last_reset_time")),
            falls_back=data.get("allow_wallet_overflow") is not False,
        )

    @property
    def remaining(self) -> float | None:
        """Points that are left; None if there is no limit, or it is not known."""
        if self.total is None or self.used is None:
            return None
        return max(self.total - self.used, 0)

    @property
    def is_used_up(self) -> bool:
        """Whether nothing is left until the next reset, or at all."""
        return self.remaining == 0

    def is_active_at(self, now: datetime) -> bool:
        """Tell whether it runs; gateways write down late that one ended."""
        has_ended = self.ends_at is not None and self.ends_at <= now
        return self.status in {None, _ACTIVE} and not has_ended


class PlanListing(NamedTuple):
    """The plans of an account, at one time."""

    plans: tuple[Plan, ...] = ()
    preference: BillingPreference = BillingPreference.PLAN_FIRST

    def active_at(self, now: datetime) -> list[Plan]:
        """Return those that run, the one first that pays first.

        The gateway takes the one that ends first, of those that have enough left.
        """
        active = [each for each in self.plans if each.is_active_at(now)]
        active.sort(
            key=lambda each: (
                each.is_used_up,
                each.ends_at.timestamp() if each.ends_at else _TOO_MUCH,
                each.id,
            )
        )
        return active

    def paid_by(self, now: datetime, *, has_balance: bool) -> PaidBy:
        """Return what the gateway takes the next request from."""
        active = self.active_at(now)
        plan = PaidBy.PLAN if active and not active[0].is_used_up else None
        balance = PaidBy.BALANCE if has_balance else None
        match self.preference:
            case BillingPreference.BALANCE_ONLY:
                paid_by = balance
            case BillingPreference.PLAN_ONLY:
                paid_by = plan
            case BillingPreference.BALANCE_FIRST:
                paid_by = balance or plan
            case _:
                falls_back = all(each.falls_back for each in active)
                paid_by = plan or (balance if falls_back else None)
        return paid_by or PaidBy.NOTHING

    def may_use_balance(self, now: datetime) -> bool:
        """Tell whether more balance would help once the plans are used up."""
        if self.preference is BillingPreference.PLAN_FIRST:
            return all(each.falls_back for each in self.active_at(now))
        return self.preference is not BillingPreference.PLAN_ONLY


def plan_listing(data: Any) -> PlanListing:
    """Read the `data` of `GET /api/subscription/self`.

    While its database fails, a gateway answers well that there is no plan. Raises
    OtherShapeError if there is no list, or a list without a single right row.
    """
    lists = _lists(data)
    rows = next(filter(None, lists), [])
    plans = {each.id: each for each in filter(None, map(Plan.from_row, rows))}
    if rows and not plans:
        raise OtherShapeError("no row of the answer is right")
    # Those that ended hide none that runs, however many they are.
    last = sorted(plans.values(), key=_runs_until, reverse=True)[:MOST_PLANS]
    preference = data.get("billing_preference") if isinstance(data, Mapping) else None
    known = [each for each in BillingPreference if each == preference]
    return PlanListing(
        plans=tuple(last),
        # What the gateway itself takes any other word for.
        preference=known[0] if known else BillingPreference.PLAN_FIRST,
    )


def plan_titles(data: Any) -> dict[int, str]:
    """Read the `data` of `GET /api/subscription/plans`: titles by the IDs of plans.

    Only plans that are sold now are there. Raises OtherShapeError for what is no list.
    """
    if data is not None and not isinstance(data, list):
        raise OtherShapeError("the answer holds no list")
    return dict(_titles(data or ()))


def _titles(rows: Iterable[Any]) -> Iterator[tuple[int, str]]:
    for row in rows:
        if isinstance(row, Mapping):
            plan = _object(row, "plan") or row
            number_of_plan, title = _identity(plan.get("id")), name(plan.get("title"))
            if number_of_plan is not None and title is not None:
                yield number_of_plan, title


def _lists(data: Any) -> list[list[Any]]:
    if isinstance(data, list):
        return [data]
    if isinstance(data, Mapping):
        # An empty list of Go may be null.
        values = [data[each] for each in _LISTS if each in data]
        found = [[] if each is None else each for each in values]
        if found and all(isinstance(each, list) for each in found):
            return found
    raise OtherShapeError("the answer holds no list")


def _runs_until(plan: Plan) -> float:
    """Return Unix time; nothing if the gateway says that it ended."""
    if plan.status not in {None, _ACTIVE}:
        return 0
    return plan.ends_at.timestamp() if plan.ends_at else _TOO_MUCH


def _object(row: Mapping[str, Any], key: str) -> Mapping[str, Any] | None:
    value = row.get(key)
    return value if isinstance(value, Mapping) else None


def _identity(value: Any) -> int | None:
    result = integer(value)
    return result if result is not None and 0 < result < _TOO_MUCH else None


def _points(value: Any) -> float | None:
    points = number(value)
    return points if points is not None and 0 <= points < _TOO_MUCH else None
