"""Takes over what version 0.1.0 stored of an account."""

from collections.abc import Mapping
from typing import Any

from .spending import Ledger


def from_0_1(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return a file of version 0.1.0 in the layout of today.

    Events were called activities. What the ledger doubted, held back or took for a
    subscription is dropped. Raises LookupError, TypeError or ValueError for what 0.1.0
    did not write.
    """
    others = {key: value for key, value in data.items() if key != "activities"}
    return {
        **others,
        "ledger": _ledger(data["ledger"], Ledger().as_dict()),
        "events": data["activities"],
    }


def _ledger(data: Mapping[str, Any], empty: dict[str, Any]) -> dict[str, Any]:
    samples, mark = data["samples"], data["top_ups"]["mark"]
    newest = dict(zip(samples["times"], samples["values"], strict=True))
    # The newest observation stood beside the samples that are kept.
    if samples["latest"] is not None:
        newest |= dict([samples["latest"]])
    is_judged = data["level"]["current"] is not None
    return {
        "spent": data["spent"],
        "counters": empty["counters"] | {"used_quota": data["used_quota"]},
        "samples": empty["samples"]
        | {"times": [*newest], "values": [*newest.values()]},
        "figures": data["figures"],
        "top_ups": empty["top_ups"]
        | {
            "marks": [] if mark is None else [{"since": 0, "granted": mark}],
            "left": data["top_ups"]["quota"],
        },
        "level": empty["level"] | (data["level"] if is_judged else {}),
        "unusual": empty["unusual"] | data["unusual"],
        "alerts": data.get("alerts", []),
    }
