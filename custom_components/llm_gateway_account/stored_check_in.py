"""What has to be known of a check-in after a restart."""

from dataclasses import dataclass

import voluptuous as vol

from homeassistant.helpers import config_validation as cv

# Not in the file of 0.1.0; what an older version did not write starts anew.
STORED_CHECK_IN_SCHEMA = vol.Schema(
    {vol.Optional("tried_at"): cv.positive_int}, extra=vol.REMOVE_EXTRA
)


@dataclass(kw_only=True, slots=True)
class StoredCheckIn:
    """A check-in of which nobody knows whether it happened."""

    tried_at: int = 0
    """Unix seconds; 0 if there is none."""
