"""Config flow of the LLM Gateway Account integration."""

from collections.abc import Mapping
from typing import Any, override
from uuid import uuid4

import voluptuous as vol

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlow,
    ConfigFlowResult,
)
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_URL
from homeassistant.core import callback

from .const import (
    CONF_ACCOUNT,
    CONF_CURRENCY,
    CONF_POINTS_PER_UNIT,
    CONF_SITE_NAME,
    CONF_SITE_UNIT,
    CONF_USER_ID,
    CONF_USER_ID_HEADER,
    DOMAIN,
    EXAMPLE_URL,
    LOGGER,
    SECTION_ADVANCED,
)
from .gateway import DEFAULT_QUOTA_PER_UNIT, Account, GatewayError, Site
from .gateway.inputs import (
    InputError,
    InputProblem,
    parse_access_token,
)
from .naming import names_of
from .options_flow import AccountOptionsFlow
from .schemas import (
    ADVANCED_SCHEMA,
    REAUTH_SCHEMA,
    UNIT_SCHEMA,
    connection_schema,
    connection_values,
    read_unit,
)
from .stored_entry import is_complete
from .unit import suggest_alerts, unit_of_site
from .validation import (
    FIELD_OF,
    SETTLED_IN_ADVANCED,
    async_get_site,
    async_validate,
    is_same_account,
    read_connection,
)


class AccountConfigFlow(ConfigFlow, domain=DOMAIN):
    """Add an account, renew its token, or change how it is reached."""

    MINOR_VERSION = 2

    _data: dict[str, Any]
    _account: Account
    _site: Site

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
        errors: dict[str, str] = {}
        placeholders: dict[str, str] = {}
        if user_input is not None:
            data, errors = read_connection(user_input)
            if not errors and not (entry := self._entry_of(data)):
                errors, placeholders = await self._async_validate(data)
                # It may have been below the page that was entered.
                entry = None if errors else self._entry_of(self._data)
            if not errors and entry:
                # What was typed stays: perhaps only the user ID is wrong.
                errors, placeholders = _already_configured(entry)
            if not errors:
                await self.async_set_unique_id(_unique_id(self._data))
                return await self._async_step_site()
        values = user_input or {SECTION_ADVANCED: ADVANCED_SCHEMA({})}
        return self._show_connection_form(
            "user", vol.Required, values, errors, placeholders
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Change how an account is reached, or which one it is. Its entities stay."""
        entry = self._get_reconfigure_entry()
        if not is_complete(entry):
            return self.async_abort(reason="damaged_entry")
        errors: dict[str, str] = {}
        placeholders = _account_placeholders(entry)
        if user_input is not None:
            data, errors = read_connection(user_input, entry.data)
            if not errors:
                errors, more = await self._async_validate(data)
                placeholders |= more
            if not errors:
                other = self._entry_of(self._data)
                if other is None or other is entry:
                    return await self.async_step_moved()
                errors, more = _already_configured(other)
                placeholders |= more
        return self._show_connection_form(
            "reconfigure",
            vol.Optional,
            user_input or connection_values(entry.data),
            errors,
            placeholders,
        )

    async def async_step_moved(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Tell a moved account from another one, or let the person tell."""
        entry = self._get_reconfigure_entry()
        known = None
        if entry.state is ConfigEntryState.LOADED:
            known = entry.runtime_data.account.data.account
        is_same = is_same_account(entry.data, self._data, known, self._account)
        if is_same is None:
            return self.async_show_menu(
                step_id="moved", menu_options=["same_account", "new_account"]
            )
        if is_same:
            return await self.async_step_same_account()
        return await self.async_step_new_account()

    async def async_step_same_account(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Go on with the account of the entry."""
        return self.async_update_reload_and_abort(
            self._get_reconfigure_entry(),
            unique_id=_unique_id(self._data),
            data_updates=self._data,
            reason="reconfigure_successful",
        )

    async def async_step_new_account(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Start anew with another account."""
        return await self._async_step_site()

    async def _async_step_site(self) -> ConfigFlowResult:
        """Take name and unit from the gateway; ask for the unit if it does not tell."""
        try:
            self._site = await async_get_site(self.hass, self._data)
        except GatewayError as err:
            self._site = Site()
            return self._show_unit_form(None, {"base": err.key}, err.placeholders)
        unit = unit_of_site(self._site)
        return self._finish({**self._data, CONF_SITE_UNIT: unit}, unit)

    async def async_step_unit(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Take the unit that the gateway did not tell."""
        if user_input is not None and (unit := read_unit(user_input)):
            return self._finish(self._data, unit)
        return self._show_unit_form(user_input, {CONF_CURRENCY: "invalid_currency"}, {})

    def _finish(self, data: dict[str, Any], unit: dict[str, Any]) -> ConfigFlowResult:
        """Create the entry; or let one that is reconfigured begin anew."""
        entry = None
        if self.source == SOURCE_RECONFIGURE:
            entry = self._get_reconfigure_entry()
        others = [
            each
            for each in self.hass.config_entries.async_entries(DOMAIN)
            if each is not entry
        ]
        title, data[CONF_SITE_NAME] = names_of(
            self._account, self._site, data[CONF_URL], others
        )
        options = {**unit, **suggest_alerts(self._account, unit)}
        if entry is None:
            return self.async_create_entry(title=title, data=data, options=options)
        return self.async_update_reload_and_abort(
            entry,
            unique_id=_unique_id(data),
            title=title,
            data={**data, CONF_ACCOUNT: uuid4().hex[:8]},
            options=options,
            reason="reconfigure_successful",
        )

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
        if not is_complete(entry):
            return self.async_abort(reason="damaged_entry")
        errors: dict[str, str] = {}
        placeholders = _account_placeholders(entry)
        if user_input is not None:
            try:
                token = parse_access_token(user_input[CONF_ACCESS_TOKEN])
            except InputError as err:
                errors[CONF_ACCESS_TOKEN] = err.problem
            else:
                errors, more = await self._async_validate(
                    {**entry.data, CONF_ACCESS_TOKEN: token}
                )
                placeholders |= more
                # They send to a section that this form does not have.
                errors = {
                    field: f"reauth_{error}" if error in SETTLED_IN_ADVANCED else error
                    for field, error in errors.items()
                }
            if not errors:
                return self.async_update_reload_and_abort(
                    entry, data=self._data, reason="reauth_successful"
                )
        return self._show_form(
            "reauth_confirm", REAUTH_SCHEMA, user_input or {}, errors, placeholders
        )

    def _entry_of(self, data: dict[str, Any]) -> ConfigEntry | None:
        """Return the entry that an account has already, without asking the gateway."""
        return self.hass.config_entries.async_entry_for_domain_unique_id(
            DOMAIN, _unique_id(data)
        )

    async def _async_validate(
        self, data: Mapping[str, Any]
    ) -> tuple[dict[str, str], dict[str, str]]:
        """Keep the data and the account; else return errors and their placeholders."""
        try:
            self._data, self._account = await async_validate(self.hass, data)
        except InputError as err:
            return {FIELD_OF[err.problem]: err.problem}, {}
        except GatewayError as err:
            return {FIELD_OF.get(err.key, "base"): err.key}, err.placeholders
        except Exception:  # noqa: BLE001
            LOGGER.exception("Unexpected exception")
            return {"base": "unknown"}, {}
        return {}, {}

    def _show_connection_form(
        self,
        step_id: str,
        token: type[vol.Marker],
        values: Mapping[str, Any],
        errors: dict[str, str],
        placeholders: dict[str, str],
    ) -> ConfigFlowResult:
        """Show the connection with the values, swapped ones in their right place."""
        values = dict(values)
        if errors.get(CONF_USER_ID) == InputProblem.SWAPPED:
            user_id, access_token = values[CONF_USER_ID], values[CONF_ACCESS_TOKEN]
            values |= {CONF_USER_ID: access_token, CONF_ACCESS_TOKEN: user_id}
        advanced = dict(values[SECTION_ADVANCED])
        if errors.get(SECTION_ADVANCED) == InputProblem.INVALID_HEADER:
            del advanced[CONF_USER_ID_HEADER]
        values[SECTION_ADVANCED] = advanced
        is_open = not SETTLED_IN_ADVANCED.isdisjoint(errors.values())
        schema = connection_schema(token, advanced, is_open=is_open)
        return self._show_form(step_id, schema, values, errors, placeholders)

    def _show_unit_form(
        self,
        values: Mapping[str, Any] | None,
        errors: dict[str, str],
        placeholders: dict[str, str],
    ) -> ConfigFlowResult:
        values = values or {CONF_POINTS_PER_UNIT: DEFAULT_QUOTA_PER_UNIT}
        return self._show_form("unit", UNIT_SCHEMA, values, errors, placeholders)

    def _show_form(
        self,
        step_id: str,
        schema: vol.Schema,
        values: Mapping[str, Any],
        errors: dict[str, str],
        placeholders: dict[str, str],
    ) -> ConfigFlowResult:
        """Show a form again with what was typed; a token only if it may be right."""
        fields = {str(marker) for marker in schema.schema}
        if CONF_ACCESS_TOKEN in errors:
            values = {k: v for k, v in values.items() if k != CONF_ACCESS_TOKEN}
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, values),
            errors={
                field if field in fields else "base": error
                for field, error in errors.items()
            },
            description_placeholders={"example_url": EXAMPLE_URL, **placeholders},
        )


def _already_configured(entry: ConfigEntry) -> tuple[dict[str, str], dict[str, str]]:
    """Return the error of an account that an entry has, and its placeholders."""
    return {"base": "already_configured"}, {"existing": entry.title}


def _account_placeholders(entry: ConfigEntry) -> dict[str, str]:
    return {"account": entry.title, CONF_URL: entry.data[CONF_URL]}


def _unique_id(data: Mapping[str, Any]) -> str:
    """Return what two entries for the same account have in common."""
    address = data[CONF_URL].partition("://")[2]
    return f"{address}#{data[CONF_USER_ID]}"
