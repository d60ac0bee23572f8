"""Which notices of a gateway an account was shown."""

from dataclasses import dataclass

import voluptuous as vol

_MARKS = vol.Any(None, [str])

# Not in the file of 0.1.0; what an older version did not write starts anew.
STORED_NOTICES_SCHEMA = vol.Schema(
    {vol.Optional("announced"): _MARKS, vol.Optional("noticed"): _MARKS},
    extra=vol.REMOVE_EXTRA,
)


@dataclass(kw_only=True, slots=True)
class StoredNotices:
    """Checksums of texts, the newest first; None before the first look."""

    announced: list[str] | None = None
    """Of the list of announcements."""
    noticed: list[str] | None = None
    """Of the one notice."""
