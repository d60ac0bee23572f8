"""What an account spent by its own count, and no model in its records got."""

from collections import defaultdict
from datetime import datetime
from typing import NamedTuple

from .gaps import seen_by_hour
from .readings import Reading
from .spending import Ledger
from .spending.local_time import HOUR
from .stored_usage import StoredUsage, UsageRecords

# Most gateways write every five minutes, but an operator may choose hours.
ROWS_ARE_COMPLETE_AFTER = 3 * HOUR


class Unattributed(NamedTuple):
    """Points by hour (Unix seconds), and up to where they are known."""

    points: dict[int, float]
    checked_until: int
    ahead: float


def find_unattributed(
    ledger: Ledger, stored: StoredUsage, reading: Reading, now: datetime
) -> Unattributed:
    """Return what was spent in the hours since the last check and is in no row.

    Rows are lost when a gateway restarts; where there are only sums of days, it is
    everything. An hour that answers did not show yet when it was over is made up for in
    the next, so no border is in doubt: `ahead` goes on from check to check.
    """
    time = int(now.timestamp())
    wait = ROWS_ARE_COMPLETE_AFTER if reading.records is UsageRecords.HOURLY else 0
    start, end = stored.checked_until, time - time % HOUR - wait
    if start >= end:
        return Unattributed(points={}, checked_until=start, ahead=stored.ahead)
    known: dict[int, float] = defaultdict(float)
    for row in reading.rows:
        known[row.hour] += row.quota
    seen = seen_by_hour(ledger, start, end)
    points, ahead = {}, stored.ahead
    for hour in range(start, end, HOUR):
        ahead += seen.get(hour, 0) - known[hour]
        if ahead >= 1:
            points[hour], ahead = ahead, 0
    return Unattributed(points=points, checked_until=end, ahead=ahead)
