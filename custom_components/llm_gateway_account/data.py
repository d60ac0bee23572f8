"""What an entry holds while it is loaded."""

from typing import NamedTuple

from homeassistant.config_entries import ConfigEntry

from .check_in import CheckInCoordinator
from .coordinator import AccountCoordinator
from .groups import GroupsCoordinator
from .keys import KeysCoordinator
from .notices import NoticesCoordinator
from .plans import PlansCoordinator
from .usage import UsageCoordinator

type AccountConfigEntry = ConfigEntry[AccountRuntime]


class AccountRuntime(NamedTuple):
    """The coordinators of an account."""

    account: AccountCoordinator
    usage: UsageCoordinator
    keys: KeysCoordinator
    plans: PlansCoordinator
    check_in: CheckInCoordinator
    notices: NoticesCoordinator
    groups: GroupsCoordinator
