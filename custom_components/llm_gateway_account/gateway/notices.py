"""What the operator of a gateway announces: as plain text, without its markup.

Sources: `controller/misc.go` of all forks, `setting/console_setting` of new-api.
"""

from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from html.parser import HTMLParser
import re
from typing import Any, NamedTuple, override

from .errors import OtherShapeError
from .values import text

LONGEST_NOTICE = 1000
"""Characters that are kept of a text."""

# new-api lets an operator publish as many.
_MOST_ANNOUNCEMENTS = 100

# Markup is read before a text is cut; nobody writes more of it.
_LONGEST_MARKUP = 20_000

# Between these and the next word is a space.
_INLINE = {"a", "abbr", "b", "code", "em", "font", "i", "s", "small", "span", "strong"}

# What Markdown puts around words and in front of lines. Each is linear in the text.
_MARKDOWN = (
    (r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1"),
    (r"(?m)^\s{0,3}(?:[-*_=]\s*){3,}$", ""),
    (r"(?m)^\s{0,3}(?:#{1,6}|>+|[-*+])\s+", ""),
    (r"\*{1,3}|_{2,3}|~~|`{1,3}", ""),
    (r"(?<![^\W_])_(?=\w)|(?<=\w)_(?![^\W_])", ""),
)


class Notice(NamedTuple):
    """Something that the operator of a gateway wants people to know."""

    text: str
    """Plain text of LONGEST_NOTICE characters at most."""
    published_at: datetime | None = None
    """Aware; None where the gateway does not tell."""

    @property
    def mark(self) -> str:
        """What tells it from others, but not what it says."""
        published = self.published_at.isoformat() if self.published_at else ""
        return sha256(f"{published} {self.text}".encode()).hexdigest()[:16]


def announcements(data: Mapping[str, Any]) -> tuple[Notice, ...] | None:
    """Return those of a gateway's page about itself, the newest first.

    None where the gateway has none to show, or the operator switched them off.
    """
    rows = data.get("announcements")
    if not isinstance(rows, list):
        return None
    notices = []
    for row in rows[:_MOST_ANNOUNCEMENTS]:
        if isinstance(row, Mapping) and (told := plain_text(row.get("content"))):
            published = _moment(row.get("publishDate"))
            notices.append(Notice(text=told, published_at=published))
    return tuple(notices)


def notice_of(data: Any) -> Notice | None:
    """Return the one notice of a gateway from the `data` of an answer; None if empty.

    Raises OtherShapeError if it is no text.
    """
    if data is not None and not isinstance(data, str):
        raise OtherShapeError("the answer holds no notice")
    told = plain_text(data)
    return Notice(text=told) if told else None


def plain_text(value: Any) -> str:
    """Return what people read of HTML or Markdown, in one line; empty if it is none."""
    if not isinstance(value, str):
        return ""
    reader = _Reader()
    reader.feed(value[:_LONGEST_MARKUP])
    reader.close()
    told = "".join(reader.parts)
    for markup, words in _MARKDOWN:
        told = re.sub(markup, words, told)
    told = text(" ".join(told.split())) or ""
    return told if len(told) <= LONGEST_NOTICE else f"{told[: LONGEST_NOTICE - 1]}…"


class _Reader(HTMLParser):
    """Collects the words of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []
        self._hidden = False

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden = tag in {"script", "style"}
        if tag not in _INLINE:
            self.parts.append("\n")

    @override
    def handle_endtag(self, tag: str) -> None:
        self._hidden = False
        if tag not in _INLINE:
            self.parts.append("\n")

    @override
    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)


def _moment(value: Any) -> datetime | None:
    """Return a time of RFC 3339 with its time zone."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None
