"""Takes over what version 0.1.0 stored."""

from collections.abc import Mapping
from typing import Any


def is_of_0_1(data: Any) -> bool:
    """Tell whether version 0.1.0 wrote a ledger: it kept the doubts it had."""
    return isinstance(data, Mapping) and "doubts" in data


def from_0_1(data: Mapping[str, Any], empty: dict[str, Any]) -> dict[str, Any]:
    """Return a ledger of version 0.1.0 in the layout of an empty one of today.

    What it doubted, held back or took for a subscription is dropped. Raises
    ValueError for what it did not write.
    """
    try:
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
    except (KeyError, TypeError) as err:
        raise ValueError("not a ledger of version 0.1.0") from err
