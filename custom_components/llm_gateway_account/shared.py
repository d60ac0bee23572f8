"""What the accounts at one gateway share."""

import asyncio
from time import monotonic

from yarl import URL

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .gateway import GatewayClient, GatewayError, Pace, Site

# How long, in seconds, what a gateway says of itself is good for the next account, and
# how long that it says nothing.
SITE_IS_GOOD_FOR = 600
SILENCE_IS_GOOD_FOR = 60


class SharedGateway:
    """The pace of the requests to a gateway, and what one account knows for all."""

    def __init__(self) -> None:
        """Know nothing of the gateway yet."""
        self.pace = Pace()
        self.turned_away: set[str] = set()
        """Entry IDs of the accounts that had no turn when they came last."""
        self._site = Site()
        self._site_until = 0.0
        self._asking = asyncio.Lock()
        self._failures: dict[str, str] = {}

    async def async_get_site(self, client: GatewayClient) -> Site:
        """Return what the gateway says of itself, asked by one account for all.

        One that does not answer is `Site()`, and not asked by each account either.
        """
        async with self._asking:
            if monotonic() >= self._site_until:
                good_for = SITE_IS_GOOD_FOR
                try:
                    self._site = await client.async_get_site()
                except GatewayError:
                    self._site, good_for = Site(), SILENCE_IS_GOOD_FOR
                self._site_until = monotonic() + good_for
        return self._site

    def fail(self, entry_id: str, failure: str) -> bool:
        """Note how the polls of an account fail; tell whether no other's do so."""
        is_news = failure not in self._failures.values()
        self._failures[entry_id] = failure
        return is_news

    def is_failing(self, entry_id: str) -> bool:
        """Tell whether that is noted of an account."""
        return entry_id in self._failures

    def recover(self, entry_id: str) -> bool:
        """Note that they fail no longer; tell whether no other's do so either."""
        failure = self._failures.pop(entry_id, None)
        return failure not in self._failures.values()


# By host and port. They outlive the set-up of an account, because every retry of a
# failed one would start with a burst.
GATEWAYS: HassKey[dict[str, SharedGateway]] = HassKey(f"{DOMAIN}_gateways")


@callback
def async_get_gateway(hass: HomeAssistant, url: str) -> SharedGateway:
    """Return what the accounts at the address of a gateway share."""
    gateways = hass.data.setdefault(GATEWAYS, {})
    return gateways.setdefault(URL(url).authority, SharedGateway())
