"""What was reported of plans, which outlives a restart."""

from dataclasses import asdict, dataclass, field
from typing import Any, Self

import voluptuous as vol

from homeassistant.helpers import config_validation as cv

_TOLD = vol.Schema(
    {
        "is_low": bool,
        "is_used_up": bool,
        "end": cv.positive_int,
        "last_reset": cv.positive_int,
        "next_reset": cv.positive_int,
    },
    required=True,
    extra=vol.REMOVE_EXTRA,
)

# Not in the file of 0.1.0; what an older version did not write starts anew.
STORED_PLANS_SCHEMA = vol.Schema(
    {
        vol.Optional("balance_pays"): bool,
        vol.Optional("told"): {vol.Coerce(int): _TOLD},
        vol.Optional("titles"): {vol.Coerce(int): str},
    },
    extra=vol.REMOVE_EXTRA,
)


@dataclass(kw_only=True, slots=True)
class ToldPlan:
    """How a plan was when it was last looked at; times are Unix seconds."""

    is_low: bool
    is_used_up: bool
    end: int
    """The end that was reported to come soon; 0 if none was."""
    last_reset: int
    next_reset: int
    """When it will begin anew; 0 if never."""


@dataclass(kw_only=True, slots=True)
class StoredPlans:
    """What was known of the plans of an account."""

    balance_pays: bool = True
    """Whether requests were paid from the balance, as far as was known."""
    told: dict[int, ToldPlan] = field(default_factory=dict)
    """The plans that ran, by the IDs of their purchases."""
    titles: dict[int, str] = field(default_factory=dict)
    """What they are called, by the IDs of the plans; one no longer sold has no other.
    """

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Read what passed the schema."""
        told = {key: ToldPlan(**each) for key, each in data.get("told", {}).items()}
        return cls(**data | {"told": told})

    def as_dict(self) -> dict[str, Any]:
        """Return what can be written as JSON, of which keys are texts."""
        return asdict(self) | {
            "told": {str(key): asdict(each) for key, each in self.told.items()},
            "titles": {str(key): each for key, each in self.titles.items()},
        }
