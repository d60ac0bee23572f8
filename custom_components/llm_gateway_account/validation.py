"""Finds the account behind what was entered in a form."""

from collections.abc import Callable, Mapping
from functools import partial
from itertools import product
from typing import Any

from yarl import URL

from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant

from .connection import PROTOCOLS, async_borrow_client
from .const import (
    CONF_ALLOW_UNENCRYPTED,
    CONF_BEARER,
    CONF_PROTOCOL,
    CONF_USER_ID,
    CONF_USER_ID_HEADER,
    SECTION_ADVANCED,
)
from .coordinator import SET_UP_TIMEOUT
from .gateway import (
    Account,
    AccountDisabledError,
    GatewayError,
    InvalidAnswerError,
    OtherAccountError,
    Priority,
    RedirectedError,
    Site,
    TokenRefusedError,
    UserIdRefusedError,
    WebPageError,
)
from .gateway.inputs import (
    InputError,
    InputProblem,
    candidates,
    check_not_swapped,
    parse_access_token,
    parse_header_name,
    parse_url,
    parse_user_id,
)

# The field of the form at which each message stands; the others stand above it.
FIELD_OF = {
    "invalid_url": CONF_URL,
    "url_with_login": CONF_URL,
    "unencrypted": CONF_URL,
    "certificate_error": CONF_URL,
    "cannot_connect": CONF_URL,
    "web_page": CONF_URL,
    "redirected": CONF_URL,
    "invalid_answer": CONF_URL,
    "invalid_user_id": CONF_USER_ID,
    "swapped": CONF_USER_ID,
    "user_id_refused": CONF_USER_ID,
    "other_account": CONF_USER_ID,
    "invalid_access_token": CONF_ACCESS_TOKEN,
    "invalid_auth": CONF_ACCESS_TOKEN,
    "api_key": CONF_ACCESS_TOKEN,
    "token_needed": CONF_ACCESS_TOKEN,
    "invalid_header": SECTION_ADVANCED,
}

# The messages that name the section, which is then unfolded.
SETTLED_IN_ADVANCED = {
    "certificate_error",
    "invalid_header",
    "unencrypted",
    "user_id_refused",
}

# What an address answers below which there is no API.
_NOT_THE_API = (WebPageError, InvalidAnswerError, RedirectedError)


def read_connection(
    user_input: Mapping[str, Any], stored: Mapping[str, Any] | None = None
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the data of an entry, and the errors of what cannot be used.

    An empty token means the stored one, but only at the host it was given for.
    """
    errors: dict[str, str] = {}

    def read[ValueT](parse: Callable[[str], ValueT], text: str) -> ValueT | None:
        try:
            return parse(text)
        except InputError as err:
            errors[FIELD_OF[err.problem]] = err.problem
            return None

    token = user_input.get(CONF_ACCESS_TOKEN, "")
    try:
        check_not_swapped(user_input[CONF_USER_ID], token)
    except InputError as err:
        return {}, {FIELD_OF[err.problem]: err.problem}

    advanced = user_input[SECTION_ADVANCED]
    allow_unencrypted = advanced[CONF_ALLOW_UNENCRYPTED]
    url = read(
        partial(parse_url, allow_unencrypted=allow_unencrypted), user_input[CONF_URL]
    )
    data = {
        CONF_URL: url,
        CONF_USER_ID: read(parse_user_id, user_input[CONF_USER_ID]),
        CONF_USER_ID_HEADER: read(
            parse_header_name, advanced.get(CONF_USER_ID_HEADER, "")
        ),
        CONF_VERIFY_SSL: advanced[CONF_VERIFY_SSL],
        CONF_ALLOW_UNENCRYPTED: allow_unencrypted,
    }
    if token:
        data[CONF_ACCESS_TOKEN] = read(parse_access_token, token)
    elif stored and url and URL(url).origin() == URL(stored[CONF_URL]).origin():
        data[CONF_ACCESS_TOKEN] = stored[CONF_ACCESS_TOKEN]
    else:
        errors[CONF_ACCESS_TOKEN] = "token_needed"
    return data, errors


async def async_validate(
    hass: HomeAssistant, data: Mapping[str, Any]
) -> tuple[dict[str, Any], Account]:
    """Return the data with all of the access as it works, and the account.

    The address may be that of any page of the gateway's web site: the first of its
    parents that answers as the API is the gateway. Raises GatewayError, or InputError
    for what the answer shows to be entered wrong.
    """
    failure: GatewayError | None = None
    for url, protocol in product(candidates(data[CONF_URL]), PROTOCOLS):
        access = {**data, CONF_URL: url, CONF_PROTOCOL: protocol}
        try:
            return await _async_validate_token(hass, access)
        except _NOT_THE_API as err:
            failure = failure or err
    assert failure  # noqa: S101 # there is at least one candidate
    raise failure


async def _async_validate_token(
    hass: HomeAssistant, data: dict[str, Any]
) -> tuple[dict[str, Any], Account]:
    """Try the token as `Bearer <token>`, and as it is if that is refused."""
    data[CONF_BEARER] = True
    try:
        return data, await _async_get_account(hass, data)
    except TokenRefusedError as err:
        refusal = err
    data[CONF_BEARER] = False
    try:
        return data, await _async_get_account(hass, data)
    except UserIdRefusedError, AccountDisabledError, OtherAccountError:
        raise
    except GatewayError:
        # Whatever the second try met, the first was answered.
        if data[CONF_ACCESS_TOKEN].startswith("sk-"):
            raise InputError(InputProblem.API_KEY) from None
        raise refusal from None


async def _async_get_account(hass: HomeAssistant, data: Mapping[str, Any]) -> Account:
    with async_borrow_client(hass, data) as client:
        return await client.async_get_account(Priority.SET_UP, SET_UP_TIMEOUT)


async def async_get_site(hass: HomeAssistant, data: Mapping[str, Any]) -> Site:
    """Return what the gateway says of itself. Raises GatewayError."""
    with async_borrow_client(hass, data) as client:
        return await client.async_get_site(Priority.SET_UP, SET_UP_TIMEOUT)


def is_same_account(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    known: Account | None,
    account: Account,
) -> bool | None:
    """Tell whether an account is the one an entry had; None if nobody can know.

    `old` and `new` are the data of the entry, `known` is its last answer. A user ID
    tells nothing between gateways, of which one host may have several below paths: the
    first user of each is number 1, and is called root.
    """
    if old[CONF_USER_ID] != new[CONF_USER_ID]:
        return False
    if old[CONF_URL].partition("://")[2] == new[CONF_URL].partition("://")[2]:
        return True
    if not (known and known.created_at and account.created_at):
        return None
    return (known.created_at, known.username) == (account.created_at, account.username)
