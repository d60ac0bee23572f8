"""The user groups that an account may use, and what each pays.

Sources: `controller/group.go` of new-api and Veloera, `controller/group.go` of one-hub
and done-hub, and answers of builds of all of them.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from .errors import OtherShapeError
from .values import name, storable

_MOST = 200


class GroupsKind(StrEnum):
    """Which list of groups a gateway has."""

    OWN = "api/user/self/groups"
    """new-api and Veloera: those the account may choose for its keys."""
    PUBLIC = "api/user_group_map"
    """one-hub and done-hub: with an access token, those that everybody sees."""


def group_ratios(data: Any) -> dict[str, float | None]:
    """Return the multiplier of the prices of each group, by its name.

    None where that depends, as for `auto`. Raises OtherShapeError if `data` is no map
    of groups.
    """
    if not isinstance(data, Mapping):
        raise OtherShapeError("the answer holds no groups")
    ratios: dict[str, float | None] = {}
    for key, group in list(data.items())[:_MOST]:
        if isinstance(group, Mapping) and (label := name(key)):
            ratios[label] = storable(group.get("ratio"))
    return ratios
