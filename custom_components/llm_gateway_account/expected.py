"""Which events automations wait for, where looking for them costs requests."""

from collections import Counter

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN

_EXPECTED: HassKey[Counter[str]] = HassKey(f"{DOMAIN}_expected")


@callback
def async_expect(
    hass: HomeAssistant, event_type: str, detach: CALLBACK_TYPE
) -> CALLBACK_TYPE:
    """Note that a trigger waits for a type of event; return what detaches it."""
    expected = hass.data.setdefault(_EXPECTED, Counter())
    expected[event_type] += 1

    @callback
    def remove() -> None:
        expected[event_type] -= 1
        detach()

    return remove


@callback
def async_is_expected(hass: HomeAssistant, event_type: str) -> bool:
    """Tell whether any trigger waits for a type of event, of whichever account."""
    return hass.data.get(_EXPECTED, Counter())[event_type] > 0
