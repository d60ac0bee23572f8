"""What people type or paste, turned into what a request needs."""

from enum import StrEnum
import re

from .addresses import base_of, clean, find_address, is_local


class InputProblem(StrEnum):
    """Why an input cannot be used."""

    INVALID_URL = "invalid_url"
    URL_WITH_LOGIN = "url_with_login"
    UNENCRYPTED = "unencrypted"
    INVALID_USER_ID = "invalid_user_id"
    INVALID_ACCESS_TOKEN = "invalid_access_token"  # noqa: S105
    INVALID_HEADER = "invalid_header"
    SWAPPED = "swapped"
    """The user ID where the access token belongs, and the other way round."""
    API_KEY = "api_key"
    """A key for the models (`sk-...`), which the account API refused."""


class InputError(ValueError):
    """An input that cannot be used. Never holds the input itself."""

    def __init__(self, problem: InputProblem) -> None:
        """Remember the problem."""
        super().__init__(problem.value)
        self.problem = problem


_RESERVED_HEADERS = {
    "accept",
    "accept-encoding",
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "cookie",
    "expect",
    "host",
    "te",
    "transfer-encoding",
    "upgrade",
    "user-agent",
}


def parse_url(text: str, *, allow_unencrypted: bool = False) -> str:
    """Return an address as scheme, host, port and path, no more.

    Forgives a missing scheme, and what stands around an address that was copied out
    of a text. Raises InputError for a text without exactly one address, for one with a
    password in it, and for plain http to a public host, unless `allow_unencrypted`.
    """
    if (address := find_address(text)) is None:
        raise InputError(InputProblem.INVALID_URL)
    if address.user is not None or address.password is not None:
        raise InputError(InputProblem.URL_WITH_LOGIN)
    if address.scheme == "http" and not (allow_unencrypted or is_local(address)):
        raise InputError(InputProblem.UNENCRYPTED)
    return base_of(address)


def candidates(url: str) -> list[str]:
    """Return the addresses below which a gateway may answer, best first.

    `url` comes from `parse_url` and may be that of any page. A gateway may live below
    a path of its host, and a page may be called anything, so all parents follow, down
    to the start page.
    """
    found = [url]
    while not (url := url.rpartition("/")[0]).endswith(":/"):
        found.append(url)
    return found


def check_not_swapped(user_id: str, access_token: str) -> None:
    """Raise InputError if only the text for the token can be a user ID."""
    if _is_user_id(access_token) and not _is_user_id(user_id):
        raise InputError(InputProblem.SWAPPED)


def parse_user_id(text: str) -> str:
    """Return the digits of a user ID. Raises InputError for anything else."""
    text = clean(text).removeprefix("#")
    if not re.fullmatch("[0-9]{1,20}", text):
        raise InputError(InputProblem.INVALID_USER_ID)
    return str(int(text))


def parse_access_token(text: str) -> str:
    """Return a system access token without white space or a pasted "Bearer".

    Its form differs from fork to fork, so anything a header can carry passes.
    Raises InputError for the rest.
    """
    pasted = r"^\s*(?:authorization\s*:)?\s*bearer(?:[\s:]+|$)"
    # A token copied out of a narrow page may be broken into lines.
    text = "".join(re.sub(pasted, "", clean(text), flags=re.IGNORECASE).split())
    if not text or not text.isascii() or not text.isprintable():
        raise InputError(InputProblem.INVALID_ACCESS_TOKEN)
    return text


def parse_header_name(text: str) -> str | None:
    """Return the name of a header, None if there is none.

    Raises InputError for what is no name of a header (RFC 9110), and for one that
    is taken.
    """
    text = clean(text)
    if not text:
        return None
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}", text) or (
        text.lower() in _RESERVED_HEADERS
    ):
        raise InputError(InputProblem.INVALID_HEADER)
    return text


def _is_user_id(text: str) -> bool:
    try:
        parse_user_id(text)
    except InputError:
        return False
    return True
