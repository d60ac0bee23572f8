"""Takes what a plan pays for no top-up."""

from .gateway import Account
from .spending import Ledger


def expect_plan_paid(ledger: Ledger, account: Account) -> None:
    """Prepare a ledger for an answer while a plan pays.

    What a plan pays raises what was used, but lowers nothing that is left, so that more
    seems to have been granted. How much follows from both: what was used, less what
    the balance fell by.
    """
    state = ledger.state
    used_before = state.counters.used_quota
    if used_before is None or account.used_quota is None or not state.top_ups.marks:
        return
    quota_before = state.top_ups.marks[-1].granted - used_before
    paid = account.used_quota - used_before + min(account.quota - quota_before, 0)
    if paid > 0:
        state.top_ups.raise_by(paid)
