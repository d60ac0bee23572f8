"""What was told of API keys, which outlives a restart."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

import voluptuous as vol

from homeassistant.helpers import config_validation as cv

from .gateway import KeyStatus

_TOLD = vol.Schema(
    {
        "status": vol.Coerce(KeyStatus),
        "is_low": bool,
        "expiry": cv.positive_int,
    },
    required=True,
    extra=vol.REMOVE_EXTRA,
)

# Not in the file of 0.1.0; what an older version did not write starts anew.
STORED_KEYS_SCHEMA = vol.Schema(
    {
        vol.Optional("asked_at"): cv.positive_int,
        vol.Optional("newest_id"): vol.Any(None, cv.positive_int),
        vol.Optional("newest_time"): cv.positive_int,
        vol.Optional("told"): {vol.Coerce(int): _TOLD},
    },
    extra=vol.REMOVE_EXTRA,
)


@dataclass(kw_only=True, slots=True)
class ToldKey:
    """How a key was when it was last looked at."""

    status: KeyStatus
    is_low: bool
    expiry: int
    """The end that was told to come soon (Unix seconds); 0 if none was."""


@dataclass(kw_only=True, slots=True)
class StoredKeys:
    """What was told of the keys of an account; times are Unix seconds."""

    asked_at: int = 0
    """When the gateway was last asked for its list."""
    newest_id: int | None = None
    """The largest ID that was ever in a list; None before the first."""
    newest_time: int = 0
    """The latest time at which a key in a list was made, on the gateway's clock."""
    told: dict[int, ToldKey] = field(default_factory=dict)
    """The shown keys, by their IDs."""

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what passed the schema."""
        told = {key: ToldKey(**each) for key, each in data.get("told", {}).items()}
        return cls(**data | {"told": told})

    def as_dict(self) -> dict[str, Any]:
        """Return what can be written as JSON, of which keys are texts."""
        told = {str(key): asdict(each) for key, each in self.told.items()}
        return asdict(self) | {"told": told}
