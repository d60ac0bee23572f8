"""What people have to repair themselves: an account without money."""

from homeassistant.const import CONF_URL
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr, issue_registry as ir

from .const import CONF_SITE_NAME, DOMAIN
from .coordinator import AccountConfigEntry
from .gateway import ENABLED
from .spending import BalanceLevel


@callback
def async_update_issue(hass: HomeAssistant, entry: AccountConfigEntry) -> None:
    """Ask for a top-up while nothing is left on an account that can be topped up."""
    data = entry.runtime_data.data
    if (
        data.spending.level is not BalanceLevel.EXHAUSTED
        or data.spending.has_subscription
        or data.account.status not in {None, ENABLED}
    ):
        async_delete_issue(hass, entry)
        return
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    name = next((each.name_by_user or each.name for each in devices), None)
    ir.async_create_issue(
        hass,
        DOMAIN,
        _issue_id(entry),
        is_fixable=False,
        severity=ir.IssueSeverity.ERROR,
        translation_key="balance_exhausted",
        translation_placeholders={"account": name or entry.data[CONF_SITE_NAME]},
        learn_more_url=entry.data[CONF_URL],
    )


@callback
def async_delete_issue(hass: HomeAssistant, entry: AccountConfigEntry) -> None:
    """Ask no longer."""
    ir.async_delete_issue(hass, DOMAIN, _issue_id(entry))


def _issue_id(entry: AccountConfigEntry) -> str:
    return f"balance_exhausted_{entry.entry_id}"
