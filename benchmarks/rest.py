"""The same account by Home Assistant's own `rest:`, as people write it today."""

from collections.abc import Awaitable, Callable
from typing import Any

from homeassistant.components.rest.const import COORDINATOR, DOMAIN
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component

type Poll = Callable[[], Awaitable[Any]]

MONEY = {
    "unit_of_measurement": "USD",
    "device_class": "monetary",
    "state_class": "total",
}

SENSORS: list[dict[str, Any]] = [
    {
        "name": "Balance",
        "value_template": "{{ (value_json.data.quota / 500000) | round(6) }}",
        **MONEY,
    },
    {
        "name": "Used quota",
        "value_template": "{{ (value_json.data.used_quota / 500000) | round(6) }}",
        **MONEY,
    },
    {
        "name": "Requests",
        "value_template": "{{ value_json.data.request_count }}",
        "unit_of_measurement": "requests",
        "state_class": "total_increasing",
    },
    {
        "name": "Group",
        "value_template": "{{ value_json.data.group }}",
    },
    {
        "name": "Status",
        "value_template": "{{ {1: 'enabled', 2: 'disabled'}[value_json.data.status] }}",
        "device_class": "enum",
    },
    {
        "name": "Last sign-in",
        "value_template": "{{ value_json.data.last_login_at | as_datetime }}",
        "device_class": "timestamp",
    },
]

# The same six, by the keys of this integration.
SAME_SENSORS = (
    "balance",
    "used_quota",
    "request_count",
    "group",
    "status",
    "last_login_at",
)


def rest_config(url: str, user_id: int, access_token: str) -> dict[str, Any]:
    """Return what stands below `rest:` in configuration.yaml for an account."""
    return {
        "resource": f"{url}/api/user/self",
        "scan_interval": 300,
        "headers": {
            "Authorization": f"Bearer {access_token}",
            "X-Api-User": str(user_id),
        },
        "sensor": [
            {**sensor, "unique_id": f"{user_id} {sensor['name']}"} for sensor in SENSORS
        ],
    }


async def set_up_rest(hass: HomeAssistant, *configs: dict[str, Any]) -> list[Poll]:
    """Set up accounts with `rest:`; return their polls."""
    await async_setup_component(hass, DOMAIN, {DOMAIN: list(configs)})
    await hass.async_block_till_done(wait_background_tasks=True)
    return [each.async_refresh for each in hass.data[DOMAIN][COORDINATOR]]
