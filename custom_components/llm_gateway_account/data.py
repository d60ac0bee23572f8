"""What an entry holds while it is loaded."""

from dataclasses import dataclass

from homeassistant.config_entries import ConfigEntry

from .coordinator import AccountCoordinator
from .keys import KeysCoordinator
from .plans import PlansCoordinator
from .usage import UsageCoordinator

type AccountConfigEntry = ConfigEntry[AccountRuntime]


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountRuntime:
    """The coordinators of an account."""

    account: AccountCoordinator
    usage: UsageCoordinator
    keys: KeysCoordinator
    plans: PlansCoordinator
