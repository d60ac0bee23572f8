"""The plans at the simulated gateway: how they start, pay, reset and end.

Sources: `controller/subscription.go`, `model/subscription.go` and
`service/billing_session.go` of new-api, and answers of builds of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Any

from .gateway_books import DAY, Books, now

PLANS = "/api/subscription/self"
PLAN_TITLES = "/api/subscription/plans"

# What an answer may carry that must never leave this integration.
PLANTED_IN_PLANS = {
    "stripe_price_id": "planted-price",
    "creem_product_id": "planted-product",
    "waffo_pancake_product_id": "planted-pancake",
    "subtitle": "planted-subtitle",
}
PLANTED_USER = 9_407_161_331


class PlanList(StrEnum):
    """How a fork answers."""

    APART = "titles apart (new-api until July 2026)"
    WITH_FALLBACK = "and whether the balance may pay (new-api from August 2026)"
    TOGETHER = "the plan beside each subscription, and the list called otherwise"


@dataclass
class ServerPlan:
    """A plan that an account bought, as the server keeps it. Edit it at any time."""

    id: int
    plan_id: int
    title: str
    start: int
    end: int
    total: int = 0
    """Points; 0 is without a limit."""
    used: int = 0
    period: int = 0
    """Seconds from one reset to the next; 0 is never."""
    last_reset: int = 0
    next_reset: int = 0
    upgrade_group: str = ""
    prev_user_group: str = ""
    falls_back: bool = True
    status: str = "active"
    is_sold: bool = True
    """Whether others can still buy it; else nobody tells its title."""

    def row(self, kind: PlanList) -> dict[str, Any]:
        """Return what a fork answers of it."""
        subscription = {
            "id": self.id,
            "user_id": PLANTED_USER,
            "plan_id": self.plan_id,
            "amount_total": self.total,
            "amount_used": self.used,
            "start_time": self.start,
            "end_time": self.end,
            "status": self.status,
            "source": "admin",
            "last_reset_time": self.last_reset,
            "next_reset_time": self.next_reset,
            "upgrade_group": self.upgrade_group,
            "prev_user_group": self.prev_user_group,
            "created_at": self.start,
            "updated_at": self.start,
        }
        if kind is PlanList.WITH_FALLBACK:
            subscription |= {
                "downgrade_group": "",
                "allow_wallet_overflow": self.falls_back,
            }
        if kind is PlanList.TOGETHER:
            return {"subscription": subscription, "plan": self.sold()}
        return {"subscription": subscription}

    def sold(self) -> dict[str, Any]:
        """Return what anybody who can buy it sees."""
        return PLANTED_IN_PLANS | {
            "id": self.plan_id,
            "title": self.title,
            "price_amount": 10,
            "currency": "USD",
            "duration_unit": "month",
            "duration_value": 1,
            "enabled": self.is_sold,
            "total_amount": self.total,
            "quota_reset_period": "custom" if self.period else "never",
            "quota_reset_custom_seconds": self.period,
        }


@dataclass
class Plans:
    """The plans of one account."""

    books: Books
    clock: Callable[[], float] = now
    preference: str = "subscription_first"
    bought: list[ServerPlan] = field(default_factory=list)
    """The oldest first."""
    database_fails: bool = False
    """Whether it answers well that there is none."""
    runs_tasks: bool = True
    """Whether resets and ends are written down; else the server is late with them."""
    _numbers: count[int] = field(default_factory=lambda: count(1))

    def buy(
        self, title: str = "Monthly", days: float = 30, **fields: Any
    ) -> ServerPlan:
        """Begin a plan now; without a `total` it has no limit."""
        start, number = int(self.clock()), next(self._numbers)
        plan = ServerPlan(
            number,
            **{"plan_id": 100 + number, "end": start + int(days * DAY)} | fields,
            title=title,
            start=start,
        )
        if plan.period:
            plan.last_reset, plan.next_reset = start, start + plan.period
        if plan.upgrade_group:
            account = self.books.account
            plan.prev_user_group, account.group = account.group, plan.upgrade_group
        self.bought.append(plan)
        return plan

    def spend(self, quota: int, model: str = "gpt-5") -> bool:
        """Pay for a request that ends now, from what the holder chose.

        Returns whether anything could pay for it.
        """
        self.run_tasks()
        account = self.books.account
        active = sorted(self.active(), key=lambda plan: (plan.end, plan.id))
        plan = next(
            (
                each
                for each in active
                if not each.total or each.used + quota <= each.total
            ),
            None,
        )
        balance = account.quota >= quota
        falls_back = all(each.falls_back for each in active)
        by_plan = plan is not None and {
            "wallet_only": False,
            "wallet_first": not balance,
        }.get(self.preference, True)
        by_balance = balance and {
            "subscription_only": False,
            "subscription_first": plan is None and falls_back,
        }.get(self.preference, True)
        if by_plan and plan:
            self.books.spend(model, quota)
            # Total and requests count all the same.
            account.quota += quota
            plan.used += quota
        elif by_balance:
            self.books.spend(model, quota)
        return by_plan or by_balance

    def run_tasks(self) -> None:
        """Do what the server does each minute: reset and end what is due."""
        if not self.runs_tasks:
            return
        moment = self.clock()
        for plan in self.bought:
            while plan.period and plan.next_reset and plan.next_reset <= moment:
                plan.used, plan.last_reset = 0, plan.next_reset
                plan.next_reset += plan.period
                if plan.next_reset >= plan.end:
                    plan.next_reset = 0
            if plan.status == "active" and plan.end <= moment:
                plan.status = "expired"
                if plan.prev_user_group:
                    self.books.account.group = plan.prev_user_group

    def active(self) -> list[ServerPlan]:
        """Return the plans that run."""
        moment = self.clock()
        return [
            each
            for each in self.bought
            if each.status == "active" and each.end > moment
        ]

    def answer(self, kind: PlanList | None, path: str) -> dict[str, Any] | None:
        """Return the body that a fork answers; None where it does not have the path."""
        if kind is None or path not in {PLANS, PLAN_TITLES}:
            return None
        self.run_tasks()
        if path == PLAN_TITLES:
            sold = [{"plan": each.sold()} for each in self.bought if each.is_sold]
            return {"success": True, "message": "", "data": sold}
        bought = [] if self.database_fails else self.bought
        active = [] if self.database_fails else self.active()
        name = "usable_subscriptions" if kind is PlanList.TOGETHER else "subscriptions"
        data = {
            "billing_preference": self.preference,
            name: [each.row(kind) for each in active],
            "all_subscriptions": [each.row(kind) for each in bought],
        }
        return {"success": True, "message": "", "data": data}
