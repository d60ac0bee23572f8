"""Config flow of the LLM Gateway Account integration."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, override

import voluptuous as vol
from yarl import URL

from homeassistant.config_entries import (
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant, callback
from homeassistant.data_entry_flow import section
from homeassistant.generated.currencies import ACTIVE_CURRENCIES
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
from homeassistant.util import dt as dt_util

from . import is_whole
from .connection import async_borrow_client
from .const import (
    CONF_ALLOW_UNENCRYPTED,
    CONF_BEARER,
    CONF_CRITICAL_BALANCE,
    CONF_CURRENCY,
    CONF_LOW_BALANCE,
    CONF_POINTS_PER_UNIT,
    CONF_SITE_NAME,
    CONF_UNUSUAL_FACTOR,
    CONF_UNUSUAL_MINIMUM,
    CONF_USER_ID,
    CONF_USER_ID_HEADER,
    DEFAULT_URL,
    DOMAIN,
    LOGGER,
    SECTION_ADVANCED,
)
from .coordinator import translation_placeholders
from .gateway import (
    POINTS,
    Account,
    AccountDisabledError,
    BlockedError,
    CertificateError,
    GatewayError,
    InvalidAnswerError,
    RateLimitedError,
    RedirectedError,
    ServerError,
    Site,
    TokenRefusedError,
    UnreachableError,
    UserIdRefusedError,
    WebPageError,
)
from .gateway.inputs import (
    InputError,
    InputProblem,
    check_not_swapped,
    parse_access_token,
    parse_header_name,
    parse_url,
    parse_user_id,
)
from .spending import suggest_thresholds
from .unit import Unit

TOKEN_SELECTOR = TextSelector(
    TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
)

REAUTH_SCHEMA = vol.Schema({vol.Required(CONF_ACCESS_TOKEN): TOKEN_SELECTOR})

ADVANCED_SCHEMA = vol.Schema(
    {
        vol.Optional(CONF_USER_ID_HEADER): TextSelector(),
        vol.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
        vol.Required(CONF_ALLOW_UNENCRYPTED, default=False): BooleanSelector(),
    }
)

# Where each message stands that tells the person what to do.
FIELDS: dict[str, str] = {
    "invalid_url": CONF_URL,
    "url_with_login": CONF_URL,
    "unencrypted": CONF_URL,
    "certificate_error": CONF_URL,
    "cannot_connect": CONF_URL,
    "web_page": CONF_URL,
    "redirected": CONF_URL,
    "invalid_answer": CONF_URL,
    "invalid_user_id": CONF_USER_ID,
    "swapped": CONF_USER_ID,
    "user_id_refused": CONF_USER_ID,
    "wrong_account": CONF_USER_ID,
    "invalid_access_token": CONF_ACCESS_TOKEN,
    "invalid_auth": CONF_ACCESS_TOKEN,
    "api_key": CONF_ACCESS_TOKEN,
    "token_needed": CONF_ACCESS_TOKEN,
    "invalid_header": SECTION_ADVANCED,
}

GATEWAY_ERRORS: dict[type[GatewayError], str] = {
    TokenRefusedError: "invalid_auth",
    UserIdRefusedError: "user_id_refused",
    AccountDisabledError: "account_disabled",
    RateLimitedError: "rate_limited",
    CertificateError: "certificate_error",
    UnreachableError: "cannot_connect",
    ServerError: "server_error",
    WebPageError: "web_page",
    BlockedError: "blocked",
    RedirectedError: "redirected",
    InvalidAnswerError: "invalid_answer",
}

# Three times the usual, as others who sell such an alarm have it.
DEFAULT_UNUSUAL_FACTOR = 3

UNIT_SCHEMA = vol.Schema(
    {
        vol.Required(CONF_CURRENCY): SelectSelector(
            SelectSelectorConfig(
                options=[POINTS, *sorted(ACTIVE_CURRENCIES)],
                # The frontend lets people search only where they may type anything.
                custom_value=True,
                mode=SelectSelectorMode.DROPDOWN,
                translation_key=CONF_CURRENCY,
            )
        ),
        vol.Required(CONF_POINTS_PER_UNIT): NumberSelector(
            NumberSelectorConfig(min=1e-18, step="any", mode=NumberSelectorMode.BOX)
        ),
    }
)


def alerts_schema(currency: str) -> vol.Schema:
    """Return the form of the alerts; `currency` is the unit beside the amounts."""
    amount = NumberSelector(
        NumberSelectorConfig(
            min=1e-18,
            step="any",
            mode=NumberSelectorMode.BOX,
            unit_of_measurement=currency,
        )
    )
    factor = NumberSelector(
        NumberSelectorConfig(min=1.1, max=100, step=0.1, mode=NumberSelectorMode.BOX)
    )
    return vol.Schema(
        {
            vol.Required(CONF_LOW_BALANCE): amount,
            vol.Required(CONF_CRITICAL_BALANCE): amount,
            vol.Required(CONF_UNUSUAL_FACTOR): factor,
            vol.Required(CONF_UNUSUAL_MINIMUM): amount,
        }
    )


def connection_schema(token: type[vol.Marker], advanced: dict[str, Any]) -> vol.Schema:
    """Return the form with everything a connection needs.

    `token` tells whether the token is required or optional. `advanced` fills the
    section, which a frontend that never unfolds it sends back as it is.
    """
    return vol.Schema(
        {
            vol.Required(CONF_URL, default=DEFAULT_URL): TextSelector(
                TextSelectorConfig(type=TextSelectorType.URL, autocomplete="url")
            ),
            vol.Required(CONF_USER_ID): TextSelector(
                TextSelectorConfig(autocomplete="off")
            ),
            token(CONF_ACCESS_TOKEN): TOKEN_SELECTOR,
            vol.Required(SECTION_ADVANCED, default=advanced): section(
                ADVANCED_SCHEMA, {"collapsed": True}
            ),
        }
    )


class AccountConfigFlow(ConfigFlow, domain=DOMAIN):
    """Add an account, renew its token, or change how it is reached."""

    def __init__(self) -> None:
        """Start without errors."""
        self._errors: list[str] = []
        self._placeholders = {"default_url": DEFAULT_URL}

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> AccountOptionsFlow:
        """Return the flow behind the settings of an entry."""
        return AccountOptionsFlow()

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Add an account."""
        if user_input is not None and (data := self._parse(user_input)):
            await self.async_set_unique_id(_unique_id(data))
            self._abort_if_unique_id_configured()
            if answer := await self._async_try(_async_ask_all(self.hass, data)):
                return self._create_entry(data, *answer)
        values = user_input or {SECTION_ADVANCED: ADVANCED_SCHEMA({})}
        return self._show_connection_form("user", vol.Required, values)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change how an account is reached. Its entities stay."""
        entry = self._get_reconfigure_entry()
        if not is_whole(entry):
            return self.async_abort(reason="damaged_entry")
        if user_input is not None and (data := self._parse(user_input, entry.data)):
            unique_id = _unique_id(data)
            if self.hass.config_entries.async_entry_for_domain_unique_id(
                DOMAIN, unique_id
            ) not in {None, entry}:
                return self.async_abort(reason="already_configured")
            if await self._async_try(_async_ask(self.hass, data)):
                return self.async_update_reload_and_abort(
                    entry,
                    unique_id=unique_id,
                    data_updates=data,
                    reason="reconfigure_successful",
                )
        values = user_input or _as_form(entry.data)
        return self._show_connection_form("reconfigure", vol.Optional, values)

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Start when the gateway refuses the token."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take a new token for the same account."""
        entry = self._get_reauth_entry()
        if not is_whole(entry):
            return self.async_abort(reason="damaged_entry")
        self._placeholders[CONF_URL] = entry.data[CONF_URL]
        if user_input is not None:
            token = self._take(parse_access_token, user_input[CONF_ACCESS_TOKEN])
            data = {**entry.data, CONF_ACCESS_TOKEN: token}
            if token and await self._async_try(_async_ask(self.hass, data)) is not None:
                return self.async_update_reload_and_abort(
                    entry, data=data, reason="reauth_successful"
                )
        return self._show_form("reauth_confirm", REAUTH_SCHEMA)

    def _parse(
        self, user_input: dict[str, Any], stored: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """Return the data of an entry, None if a field cannot be used.

        An empty token means the stored one, but only at the host it was given for.
        """
        try:
            check_not_swapped(
                user_input[CONF_USER_ID], user_input.get(CONF_ACCESS_TOKEN, "")
            )
        except InputError as err:
            self._errors.append(err.problem)
            return None
        advanced = user_input[SECTION_ADVANCED]
        allow_unencrypted = advanced[CONF_ALLOW_UNENCRYPTED]
        parse_address = partial(parse_url, allow_unencrypted=allow_unencrypted)
        url = self._take(parse_address, user_input[CONF_URL])
        if text := user_input.get(CONF_ACCESS_TOKEN):
            token = self._take(parse_access_token, text)
        elif stored and url and _same_host(url, stored[CONF_URL]):
            token = stored[CONF_ACCESS_TOKEN]
        else:
            token = None
            self._errors.append("token_needed")
        data = {
            CONF_URL: url,
            CONF_USER_ID: self._take(parse_user_id, user_input[CONF_USER_ID]),
            CONF_ACCESS_TOKEN: token,
            CONF_USER_ID_HEADER: self._take(
                parse_header_name, advanced.get(CONF_USER_ID_HEADER, "")
            ),
            CONF_VERIFY_SSL: advanced[CONF_VERIFY_SSL],
            CONF_ALLOW_UNENCRYPTED: allow_unencrypted,
        }
        return None if self._errors else data

    def _take[ValueT](self, parse: Callable[[str], ValueT], text: str) -> ValueT | None:
        """Return what was typed in usable form; else None, and keep the error."""
        try:
            return parse(text)
        except InputError as err:
            self._errors.append(err.problem)
            return None

    async def _async_try[AnswerT](self, question: Awaitable[AnswerT]) -> AnswerT | None:
        """Return the answer of the gateway; else None, and keep the error."""
        try:
            return await question
        except InputError as err:
            self._errors.append(err.problem)
        except GatewayError as err:
            self._errors.append(GATEWAY_ERRORS[type(err)])
            self._placeholders |= translation_placeholders(err)
        except Exception:  # noqa: BLE001
            LOGGER.exception("Unexpected exception")
            self._errors.append("unknown")
        return None

    def _create_entry(
        self, data: dict[str, Any], account: Account, site: Site
    ) -> ConfigFlowResult:
        site_name = site.system_name or URL(data[CONF_URL]).authority
        name = (account.display_name or account.username or "").strip()
        # A unit that Home Assistant does not know as a currency is none.
        currency = site.currency if site.currency in ACTIVE_CURRENCIES else POINTS
        unit = {
            CONF_CURRENCY: currency,
            CONF_POINTS_PER_UNIT: site.points_per_unit,
        }
        low, critical, unusual = suggest_thresholds(
            account.quota,
            account.used_quota,
            account.created_at,
            dt_util.utcnow(),
            Unit.from_options(unit).points_per_unit,
        )
        return self.async_create_entry(
            title=f"{name} @ {site_name}" if name else site_name,
            data={**data, CONF_SITE_NAME: site_name},
            options={
                **unit,
                CONF_LOW_BALANCE: low,
                CONF_CRITICAL_BALANCE: critical,
                CONF_UNUSUAL_FACTOR: DEFAULT_UNUSUAL_FACTOR,
                CONF_UNUSUAL_MINIMUM: unusual,
            },
        )

    def _show_connection_form(
        self, step_id: str, token: type[vol.Marker], values: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Show the connection with the values, but no token and no wrong header."""
        advanced = dict(values[SECTION_ADVANCED])
        if InputProblem.INVALID_HEADER in self._errors:
            del advanced[CONF_USER_ID_HEADER]
        schema = connection_schema(token, advanced)
        return self._show_form(step_id, schema, {**values, SECTION_ADVANCED: advanced})

    def _show_form(
        self, step_id: str, schema: vol.Schema, values: Mapping[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show a form with the values, but no token, and the errors since the last."""
        values = {k: v for k, v in (values or {}).items() if k != CONF_ACCESS_TOKEN}
        fields = {str(marker) for marker in schema.schema}
        errors, self._errors = self._errors, []
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, values),
            errors={
                field if (field := FIELDS.get(error)) in fields else "base": error
                for error in errors
            },
            description_placeholders=self._placeholders,
        )


class AccountOptionsFlow(OptionsFlowWithReload):
    """Change the unit in which amounts are shown, and what is worth an alert."""

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Let choose what to change."""
        if not is_whole(self.config_entry):
            return self.async_abort(reason="damaged_entry")
        return self.async_show_menu(step_id="init", menu_options=["alerts", "unit"])

    async def async_step_alerts(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change the amounts from which on something is worth an alert."""
        options = self.config_entry.options
        errors = {}
        if user_input is not None:
            if user_input[CONF_CRITICAL_BALANCE] < user_input[CONF_LOW_BALANCE]:
                return self.async_create_entry(data={**options, **user_input})
            errors[CONF_CRITICAL_BALANCE] = "critical_not_below_low"
        return self.async_show_form(
            step_id="alerts",
            data_schema=self.add_suggested_values_to_schema(
                alerts_schema(options[CONF_CURRENCY]), user_input or options
            ),
            errors=errors,
        )

    async def async_step_unit(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what the flow took from the gateway, to be corrected."""
        options = self.config_entry.options
        errors = {}
        if user_input is not None:
            currency = user_input[CONF_CURRENCY].strip()
            if currency.upper() in ACTIVE_CURRENCIES:
                currency = currency.upper()
            if currency in {POINTS, *ACTIVE_CURRENCIES}:
                unit = {**user_input, CONF_CURRENCY: currency}
                return self.async_create_entry(
                    data={**options, **unit, **_alerts_in(unit, options)}
                )
            errors[CONF_CURRENCY] = "invalid_currency"
        return self.async_show_form(
            step_id="unit",
            data_schema=self.add_suggested_values_to_schema(
                UNIT_SCHEMA, user_input or options
            ),
            errors=errors,
        )


def _alerts_in(unit: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, float]:
    """Return the amounts of the options in another unit: worth the same points."""
    new, old = Unit.from_options(unit), Unit.from_options(options)
    return {
        key: old.points(options[key]) / new.points_per_unit
        for key in (CONF_LOW_BALANCE, CONF_CRITICAL_BALANCE, CONF_UNUSUAL_MINIMUM)
    }


async def _async_ask(hass: HomeAssistant, data: dict[str, Any]) -> Account:
    """Return the account. Settles in `data` in which form the token has to go out.

    Raises InputError for what the answer shows to be typed wrong, else GatewayError.
    """
    data[CONF_BEARER] = True
    try:
        account = await _async_get_account(hass, data)
    except TokenRefusedError as refusal:
        data[CONF_BEARER] = False
        try:
            account = await _async_get_account(hass, data)
        except UserIdRefusedError, AccountDisabledError:
            raise
        except GatewayError:
            # Whatever the second try met, the first was answered.
            if data[CONF_ACCESS_TOKEN].startswith("sk-"):
                raise InputError(InputProblem.API_KEY) from None
            raise refusal from None
    if account.id not in {None, int(data[CONF_USER_ID])}:
        raise InputError(InputProblem.WRONG_ACCOUNT)
    return account


async def _async_get_account(hass: HomeAssistant, data: dict[str, Any]) -> Account:
    with async_borrow_client(hass, data) as client:
        return await client.async_get_account()


async def _async_ask_all(
    hass: HomeAssistant, data: dict[str, Any]
) -> tuple[Account, Site]:
    """Return the account, and what the gateway says of itself."""
    account = await _async_ask(hass, data)
    with async_borrow_client(hass, data) as client:
        return account, await client.async_get_site()


def _same_host(url: str, other: str) -> bool:
    """Tell whether scheme, host and port are the same."""
    return URL(url).origin() == URL(other).origin()


def _unique_id(data: Mapping[str, Any]) -> str:
    """Return what two entries for the same account have in common."""
    address = data[CONF_URL].partition("://")[2]
    return f"{address}#{data[CONF_USER_ID]}"


def _as_form(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return the data of an entry in the shape of the form."""
    advanced = {
        key: data[key]
        for key in (CONF_USER_ID_HEADER, CONF_VERIFY_SSL, CONF_ALLOW_UNENCRYPTED)
        if data.get(key) is not None
    }
    return {**data, SECTION_ADVANCED: ADVANCED_SCHEMA(advanced)}
