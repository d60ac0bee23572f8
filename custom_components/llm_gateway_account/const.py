"""Constants of the LLM Gateway Account integration."""

import logging
from typing import Final

DOMAIN: Final = "llm_gateway_account"

LOGGER = logging.getLogger(__package__)

EXAMPLE_URL: Final = "https://api.iqqz.com"

CONF_ACCOUNT: Final = "account"
CONF_ALLOW_UNENCRYPTED: Final = "allow_unencrypted"
CONF_BEARER: Final = "bearer"
CONF_BUDGET_FIRST_DAY: Final = "budget_first_day"
CONF_BUDGET_PER_DAY: Final = "budget_per_day"
CONF_BUDGET_PER_MONTH: Final = "budget_per_month"
CONF_BUDGET_WARN_AT: Final = "budget_warn_at"
CONF_CHOSEN_KEYS: Final = "chosen_keys"
CONF_CRITICAL_BALANCE: Final = "critical_balance"
CONF_CURRENCY: Final = "currency"
CONF_HISTORY_DAYS: Final = "history_days"
CONF_KEY: Final = "key"
CONF_KEY_EXPIRY_DAYS: Final = "key_expiry_days"
CONF_KEY_LIMIT: Final = "key_limit"
CONF_KEY_LIMITS: Final = "key_limits"
CONF_LOW_BALANCE: Final = "low_balance"
CONF_MORE_SERIES: Final = "more_series"
CONF_NEW_KEYS: Final = "new_keys"
CONF_POINTS_PER_UNIT: Final = "points_per_unit"
CONF_PROTOCOL: Final = "protocol"
CONF_SHOWN_KEYS: Final = "shown_keys"
CONF_SITE_NAME: Final = "site_name"
CONF_SITE_UNIT: Final = "site_unit"
CONF_UNUSUAL_FACTOR: Final = "unusual_factor"
CONF_UNUSUAL_MINIMUM: Final = "unusual_minimum"
CONF_USER_ID: Final = "user_id"
CONF_USER_ID_HEADER: Final = "user_id_header"

# Days of usage before the install that become statistics.
DEFAULT_HISTORY_DAYS: Final = 30

SECTION_ADVANCED: Final = "advanced"
