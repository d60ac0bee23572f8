"""What people type or paste, turned into what a request needs."""

from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address
import re
import unicodedata

from yarl import URL


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
    WRONG_ACCOUNT = "wrong_account"
    """A user ID that is not the one the token belongs to."""


class InputError(ValueError):
    """An input that cannot be used. Never holds the input itself."""

    def __init__(self, problem: InputProblem) -> None:
        """Remember the problem."""
        super().__init__(problem.value)
        self.problem = problem


# First parts of the paths of the web pages and the API. What stands before them
# belongs to the address: a gateway may live below a path of its host.
_PAGES = {
    "api",
    "console",
    "dashboard",
    "login",
    "panel",
    "profile",
    "register",
    "setting",
    "token",
    "topup",
    "v1",
}

_SCHEMES = {"http", "https"}

# As what the last label of a name is not (WHATWG URL, "ends in a number").
_NUMBER = re.compile("[0-9]+|0x[0-9a-f]*")

# Domains that never leave the local network (RFC 6761, 6762, 8375, ICANN's
# .internal, and OpenWrt's default).
_LOCAL_DOMAINS = (".local", ".localhost", ".internal", ".home.arpa", ".lan")

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
    """Return the base address of a gateway: scheme, host, port and path, no more.

    Forgives white space, a missing scheme, a trailing slash and a pasted address
    of one of the gateway's pages. Raises InputError for what is no web address,
    for one with a password in it, and for plain http to a public host, unless
    `allow_unencrypted`.
    """
    scheme, separator, rest = _clean(text).partition("://")
    if not separator:
        scheme, rest = "", scheme.removeprefix("//")
    parts = _split(f"{scheme or 'https'}://{rest}")
    if parts is None:
        raise InputError(InputProblem.INVALID_URL)
    url, host = parts
    port = url.explicit_port
    if url.scheme not in _SCHEMES or not _is_host(host) or port == 0:
        raise InputError(InputProblem.INVALID_URL)
    if url.user is not None or url.password is not None:
        raise InputError(InputProblem.URL_WITH_LOGIN)

    if not scheme and _is_local(host) and port != 443:
        url = url.with_scheme("http")
    if url.scheme == "http" and not (allow_unencrypted or _is_local(host)):
        raise InputError(InputProblem.UNENCRYPTED)

    path: list[str] = []
    for part in url.path.split("/"):
        if part.lower() in _PAGES:
            break
        if part:
            path.append(part)
    return str(
        URL.build(
            scheme=url.scheme,
            host=host,
            port=None if url.is_default_port() else port,
            path="/" + "/".join(path) if path else "",
        )
    )


def check_not_swapped(user_id: str, access_token: str) -> None:
    """Raise InputError if only the text for the token can be a user ID."""
    if _is_user_id(access_token) and not _is_user_id(user_id):
        raise InputError(InputProblem.SWAPPED)


def parse_user_id(text: str) -> str:
    """Return the digits of a user ID. Raises InputError for anything else."""
    text = _clean(text).removeprefix("#")
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
    text = "".join(re.sub(pasted, "", _clean(text), flags=re.IGNORECASE).split())
    if not text or not text.isascii() or not text.isprintable():
        raise InputError(InputProblem.INVALID_ACCESS_TOKEN)
    return text


def parse_header_name(text: str) -> str | None:
    """Return the name of a header, None if there is none.

    Raises InputError for what is no name of a header (RFC 9110), and for one that
    is taken.
    """
    text = _clean(text)
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


def _clean(text: str) -> str:
    """Return the text without invisible and full-width characters, stripped."""
    return "".join(
        char
        for char in unicodedata.normalize("NFKC", text)
        if unicodedata.category(char) != "Cf"
    ).strip()


def _split(text: str) -> tuple[URL, str] | None:
    """Return an address and its host; no error, for it would hold the address."""
    try:
        url = URL(text)
        return url, (url.host or "").removesuffix(".")
    except ValueError, IndexError:  # the latter for brackets around nothing
        return None


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_host(host: str) -> bool:
    """Tell an address or a name of labels from the likes of `a_b`, `..` or `-`.

    A scheme is no name either: `https:/a.example` would send a token to a host
    `https`. Nor is what a resolver takes for an address: 134744072 is 8.8.8.8.
    """
    if _address(host) is not None:
        return True
    if host in _SCHEMES or _NUMBER.fullmatch(host.rpartition(".")[2]):
        return False
    try:
        name = URL.build(scheme="https", host=host).raw_host or ""
    except ValueError:
        return False
    return len(name) <= 253 and all(
        re.fullmatch("[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", label)
        for label in name.split(".")
    )


def _is_local(host: str) -> bool:
    if (address := _address(host)) is not None:
        return not address.is_global
    return "." not in host or host.endswith(_LOCAL_DOMAINS)
