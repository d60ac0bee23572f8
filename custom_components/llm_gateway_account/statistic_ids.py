"""What a series of statistics is, and how it is called."""

from hashlib import sha256
import re
from typing import NamedTuple

from homeassistant.core import HomeAssistant
from homeassistant.util import slugify

from .const import DOMAIN

_LONGEST_SLUG = 40


class Series(NamedTuple):
    """A series of statistics, and what is to be in it."""

    id: str
    name: str
    unit: str | None
    hours: dict[int, float]
    """Unix seconds of the start of an hour, and the amount of that hour."""


def has_recorder(hass: HomeAssistant) -> bool:
    """Tell whether statistics can be kept.

    Only then is the module of the statistics to be imported, which costs a home
    without a recorder all of the recorder and its database.
    """
    return "recorder" in hass.config.components


def series_id(prefix: str, name: str, kind: str = "cost") -> str:
    """Return the ID of a series.

    `prefix` stands for the account and its unit. The hash keeps names apart that look
    the same as a slug: `gpt-4.1` and `gpt-4-1`, or two Chinese ones.
    """
    slug = re.sub("_+", "_", slugify(name))[:_LONGEST_SLUG].strip("_")
    mark = sha256(f"{kind} {name}".encode()).hexdigest()[:6]
    parts = (prefix, *(() if kind == "cost" else (kind,)), slug, mark)
    return f"{DOMAIN}:{'_'.join(filter(None, parts))}"


def model_of(prefix: str, statistic_id: str, name: str) -> str | None:
    """Return the model whose cost a series tells; None if it tells something else.

    `name` is that of the series: the device, which may have been renamed since, a
    space, and the model.
    """
    words = name.split(" ")
    for first in range(1, len(words)):
        model = " ".join(words[first:])
        if series_id(prefix, model) == statistic_id:
            return model
    return None
