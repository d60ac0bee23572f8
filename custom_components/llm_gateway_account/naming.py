"""Names that tell accounts apart."""

from collections.abc import Iterable, Iterator
from itertools import count

from yarl import URL

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_URL

from .const import CONF_SITE_NAME
from .gateway import Account, Site


def names_of(
    account: Account, site: Site, url: str, others: Iterable[ConfigEntry]
) -> tuple[str, str]:
    """Return the title of an entry and the name of its device.

    A device is named after the gateway. Where another one has that name already, the
    gateway's host is added; where both are at the same gateway, the account's name.
    """
    host = URL(url).authority
    name = (account.display_name or account.username or "").strip()
    site_name = site.system_name or host
    others = list(others)
    taken = {entry.data.get(CONF_SITE_NAME) for entry in others}
    is_at_same_host = any(
        URL(entry.data.get(CONF_URL, "")).authority == host for entry in others
    )
    addition = name if is_at_same_host else host
    device = next(each for each in _names(site_name, addition) if each not in taken)
    if not name:
        return device, device
    title = f"{name} @ {site_name}"
    if not is_at_same_host or title in {entry.title for entry in others}:
        title = f"{name} @ {device}"
    return title, device


def _names(name: str, addition: str) -> Iterator[str]:
    yield name
    if addition:
        yield f"{name} ({addition})"
    yield from (f"{name} ({number})" for number in count(2))
