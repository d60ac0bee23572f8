"""How Home Assistant connects to a gateway, and what accounts at one host share."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import aiohttp
from yarl import URL

from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.loader import async_get_loaded_integration
from homeassistant.util.hass_dict import HassKey

from .const import (
    CONF_BEARER,
    CONF_PROTOCOL,
    CONF_USER_ID,
    CONF_USER_ID_HEADER,
    DOMAIN,
)
from .gateway import Access, Gateway, GatewayClient, Limiter

ONE_API = "one_api"

# By the name that an entry keeps. A form tries them in this order.
PROTOCOLS: dict[str, Callable[[Access], Gateway]] = {ONE_API: GatewayClient}

# By host and port. They outlive the set-up of an account, because every retry of a
# failed one would start with a burst.
LIMITERS: HassKey[dict[str, Limiter]] = HassKey(f"{DOMAIN}_limiters")


@callback
def async_create_client(hass: HomeAssistant, data: Mapping[str, Any]) -> Gateway:
    """Return a client for the account that the data of a config entry describes.

    To be called while the entry is being set up: unloading it ends the session.
    """
    return _client(hass, data, _create_session(hass, data))


@contextmanager
def async_borrow_client(
    hass: HomeAssistant, data: Mapping[str, Any]
) -> Iterator[Gateway]:
    """Lend a client to a flow, which has no entry that could end the session."""
    session = _create_session(hass, data, auto_cleanup=False)
    try:
        yield _client(hass, data, session)
    finally:
        session.detach()


def _create_session(
    hass: HomeAssistant, data: Mapping[str, Any], *, auto_cleanup: bool = True
) -> aiohttp.ClientSession:
    return async_create_clientsession(
        hass,
        verify_ssl=data[CONF_VERIFY_SSL],
        auto_cleanup=auto_cleanup,
        # A gateway trusts a session cookie more than the token: two accounts at
        # one gateway must never share one.
        cookie_jar=aiohttp.DummyCookieJar(),
    )


def _client(
    hass: HomeAssistant, data: Mapping[str, Any], session: aiohttp.ClientSession
) -> Gateway:
    limiters = hass.data.setdefault(LIMITERS, {})
    version = async_get_loaded_integration(hass, DOMAIN).version
    access = Access(
        session=session,
        url=data[CONF_URL],
        limiter=limiters.setdefault(URL(data[CONF_URL]).authority, Limiter()),
        user_agent=f"{DOMAIN}/{version}",
        user_id=data[CONF_USER_ID],
        access_token=data[CONF_ACCESS_TOKEN],
        bearer=data[CONF_BEARER],
        user_id_header=data[CONF_USER_ID_HEADER],
    )
    # Not in the entries of 0.1.0.
    return PROTOCOLS[data.get(CONF_PROTOCOL, ONE_API)](access)
