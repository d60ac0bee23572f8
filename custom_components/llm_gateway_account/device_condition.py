"""Device conditions: how much is left, and whether the spending is unusual."""

import voluptuous as vol

from homeassistant.const import CONF_CONDITION, CONF_DEVICE_ID, CONF_DOMAIN, CONF_TYPE
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.condition import ConditionCheckerType
from homeassistant.helpers.typing import ConfigType, TemplateVarsType

from .condition import CONDITIONS
from .const import DOMAIN
from .device import async_get_entry, async_get_fresh

CONDITION_SCHEMA = cv.DEVICE_CONDITION_BASE_SCHEMA.extend(
    {vol.Required(CONF_TYPE): vol.In(CONDITIONS)}
)


async def async_get_conditions(
    hass: HomeAssistant, device_id: str
) -> list[dict[str, str]]:
    """Return the conditions of an account's device; that of an API key has none."""
    if async_get_entry(hass, device_id) is None:
        return []
    return [
        {
            CONF_CONDITION: "device",
            CONF_DOMAIN: DOMAIN,
            CONF_DEVICE_ID: device_id,
            CONF_TYPE: condition_type,
        }
        for condition_type in CONDITIONS
    ]


@callback
def async_condition_from_config(
    hass: HomeAssistant, config: ConfigType
) -> ConditionCheckerType:
    """Return what tests a condition. It fails while the account is not known."""
    holds = CONDITIONS[config[CONF_TYPE]]

    @callback
    def test(hass: HomeAssistant, variables: TemplateVarsType = None) -> bool:
        entry = async_get_entry(hass, config[CONF_DEVICE_ID])
        coordinator = async_get_fresh(entry) if entry else None
        return coordinator is not None and holds(coordinator.data.spending)

    return test
