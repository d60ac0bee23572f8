"""What the user group of an account paid when it was last looked at."""

from dataclasses import dataclass

import voluptuous as vol

# Not in the file of 0.1.0; what an older version did not write starts anew.
STORED_PRICE_SCHEMA = vol.Schema(
    {
        vol.Optional("group"): vol.Any(None, str),
        vol.Optional("ratio"): vol.Any(None, int, float),
    },
    extra=vol.REMOVE_EXTRA,
)


@dataclass(kw_only=True, slots=True)
class StoredPrice:
    """The multiplier of a group's prices; None before it was known."""

    group: str | None = None
    ratio: float | None = None
