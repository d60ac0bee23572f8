"""What stands in front of a gateway and stops requests: challenges, blocks, captchas.

Sources: documents of the makers, captured pages, and what programs that met them
look for.
"""

from collections.abc import Mapping
import re
from typing import Any

# Sent with whatever the maker puts in place of the answer.
_HEADERS = ("cf-mitigated", "x-vercel-mitigated", "x-amzn-waf-action")

# Of nobody but SafeLine (468) and Tencent EdgeOne (566, 567).
_STATUSES = {468, 566, 567}

# Nothing here is part of a page that is let through: into those, too, Cloudflare,
# Imperva and others put scripts of theirs. A gateway's own page says "enable
# JavaScript", so that alone means nothing.
_MARKS = (
    rb"(?i)just a moment|cf[-_]chl|challenge-platform/h/\w+/orchestrate"
    # Alibaba Cloud, old and new
    rb"|acw_sc__v\d|var arg1\s*=|aliyun_?waf_|errors\.aliyun\.com"
    # Tencent EdgeOne, Knownsec, SafeLine
    rb"|eo_bot_ssid|__jsl_clearance|safeline"
    # DataDome, HUMAN
    rb"|captcha-delivery\.com|px-captcha"
    # Imperva, whose script in pages that it lets through counts visitors (`ns`)
    rb"|incapsula incident|_incapsula_resource(?![^\"'>]{0,300}&(?:amp;)?ns=)"
    # Akamai, which writes it in entities
    rb"|errors(?:\.|&#46;)edgesuite|sec-if-cpt-container"
    # Sucuri, AWS WAF, DDoS-Guard, Vercel, Anubis
    rb"|sucuri website firewall|sucuri_cloudproxy|awswafcookiedomainlist"
    rb"|ddos-guard|vercel security checkpoint|anubis_challenge"
    # What many of them say
    rb"|enable (?:javascript|js) and (?:cookies|disable any ad blocker)"
    rb"|checking (?:your browser|if the site connection is secure)"
    rb"|verify(?:ing)? (?:that )?you are (?:human|not a (?:ro)?bot)"
    + "|(?:滑动|访问|人机|安全)验证".encode()
)

# Where in a page its maker shows; the rest may be a megabyte of pictures.
_LOOKED_AT = 65_536


def start_of(body: bytes) -> bytes:
    """Return a body without a byte order mark or white space in front."""
    return body.lstrip(b"\xef\xbb\xbf \t\r\n")


def is_page(body: bytes) -> bool:
    """Tell whether a body is a web page."""
    return start_of(body).startswith(b"<")


def is_stopped(headers: Mapping[str, str]) -> bool:
    """Tell whether headers say that a protection answered in place of the gateway."""
    return any(header in headers for header in _HEADERS)


def is_protection(status: int, body: bytes) -> bool:
    """Tell whether an answer is the page of a protection."""
    if status in _STATUSES:
        return True
    return is_page(body) and re.search(_MARKS, body[:_LOOKED_AT]) is not None


def is_foreign(status: int, envelope: Mapping[str, Any]) -> bool:
    """Tell whether a JSON object without an account is not the family's own word.

    The family answers `{success, message, data}`, `{error: {message, type, code}}` or
    `{code, message}`. A bare sentence comes from gateways of the family with 401 and
    404; with 403 it is what protections and proxies say. Cloudflare marks its own
    (https://developers.cloudflare.com/support/troubleshooting/http-status-codes/).
    """
    if envelope.get("cloudflare_error") is True:
        return True
    if status == 401:
        return not {"success", "message", "error", "code"} & set(envelope)
    return status == 403 and not (
        isinstance(envelope.get("success"), bool)
        or isinstance(envelope.get("error"), Mapping)
        or {"code", "message"} <= set(envelope)
    )
