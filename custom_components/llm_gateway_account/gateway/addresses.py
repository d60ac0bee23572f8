"""Addresses of gateways, alone or somewhere in a text that was copied."""

from ipaddress import IPv4Address, IPv6Address, ip_address
import re
import unicodedata

from yarl import URL

_SCHEMES = {"http", "https"}

# As what the last label of a name is not (WHATWG URL, "ends in a number").
_NUMBER = "[0-9]+|0x[0-9a-f]*"

# Domains that never leave the local network (RFC 6761, 6762, 8375, ICANN's
# .internal, and OpenWrt's default).
_LOCAL_DOMAINS = (".local", ".localhost", ".internal", ".home.arpa", ".lan")

# What ends an address in Chinese, and is part of none. The full-width colon and slash
# are: people type whole addresses with them.
_PUNCTUATION = "，。；！？、（）《》〈〉「」『』【】“”‘’„«»"  # noqa: RUF001
_SEPARATORS = dict.fromkeys(map(ord, _PUNCTUATION), " ")

# What stands around an address in a chat, a mail or Markdown.
_AROUND = "<>()\"'`*,;.!?:| \t\r\n"

_WITH_SCHEME = r"(?ai)https?://(?:\[[0-9a-f:.]+\])?[a-z0-9._~:/?#@!$&+=%-]*"
_WITHOUT_SCHEME = (
    r"(?ai)(?<![a-z0-9@/._%+-])(?:[a-z0-9_-]+\.)+[a-z0-9-]+(?::[0-9]+)?"
    r"(?:/[a-z0-9._~:/?#@!$&+=%-]*)?(?![a-z0-9@._-])"
)

# A word that follows or precedes an address without a space would become part of its
# host: no name mixes these with Latin letters.
_GLUED = (
    r"(?i)[a-z0-9][\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]"
    r"|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af][a-z0-9]"
)


def clean(text: str) -> str:
    """Return the text without invisible and full-width characters, stripped."""
    return "".join(
        char
        for char in unicodedata.normalize("NFKC", text)
        if unicodedata.category(char) != "Cf"
    ).strip()


def find_address(text: str) -> URL | None:
    """Return the one address a text holds; None if it holds none, or several.

    One without a scheme is only looked for where there is none with one.
    """
    text = clean(text.translate(_SEPARATORS)).strip(_AROUND)
    if address := read_address(text):
        return address
    found = re.findall(_WITH_SCHEME, text) or re.findall(_WITHOUT_SCHEME, text)
    addresses = {read_address(each.rstrip(_AROUND)) for each in found} - {None}
    return addresses.pop() if len(addresses) == 1 else None


def read_address(text: str) -> URL | None:
    """Return a text that is nothing but an address; None if it is none.

    Forgives a missing scheme, which is then http on the local network.
    """
    if any(map(str.isspace, text)):
        return None
    scheme, separator, rest = text.partition("://")
    if not separator:
        scheme, rest = "", scheme.removeprefix("//")
    try:
        url = URL(f"{scheme or 'https'}://{rest}")
        host, port = _host_of(url), url.explicit_port
    except ValueError, IndexError:  # the latter for brackets around nothing
        return None
    if url.scheme not in _SCHEMES or not _is_host(host) or port == 0:
        return None
    if not scheme and is_local(url) and port != 443:
        return url.with_scheme("http")
    return url


def base_of(address: URL) -> str:
    """Return scheme, host, port and path of an address: no login, query or fragment.

    It is read again as what it is.
    """
    parts = [part for part in address.raw_path.split("/") if part]
    base = URL.build(
        scheme=address.scheme,
        host=_host_of(address),
        port=None if address.is_default_port() else address.explicit_port,
    )
    return "/".join([str(base).rstrip("/"), *parts]).rstrip(_AROUND + "/")


def is_local(address: URL) -> bool:
    """Tell whether an address never leaves the local network."""
    host = _host_of(address)
    if (number := _number_of(host)) is not None:
        return not number.is_global
    return "." not in host or host.endswith(_LOCAL_DOMAINS)


def _host_of(url: URL) -> str:
    return (url.host or "").removesuffix(".")


def _number_of(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _is_host(host: str) -> bool:
    """Tell an address or a name of labels from the likes of `a_b`, `..` or `-`.

    A scheme is no name either: `https:/a.example` would send a token to a host
    `https`. Nor is what a resolver takes for an address: 134744072 is 8.8.8.8.
    """
    if _number_of(host) is not None:
        return True
    if host in _SCHEMES or re.fullmatch(_NUMBER, host.rpartition(".")[2]):
        return False
    if re.search(_GLUED, host):
        return False
    try:
        name = URL.build(scheme="https", host=host).raw_host or ""
    except ValueError:
        return False
    return len(name) <= 253 and all(
        re.fullmatch("[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?", label)
        for label in name.split(".")
    )
