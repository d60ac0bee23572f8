"""An account at a gateway that tells how many US dollars are left, and were used."""

from typing import override

from custom_components.llm_gateway_account.gateway.account import Account
from custom_components.llm_gateway_account.gateway.contract import Access, Gateway
from custom_components.llm_gateway_account.gateway.envelope import object_of
from custom_components.llm_gateway_account.gateway.limiter import Priority
from custom_components.llm_gateway_account.gateway.refusals import error_from_envelope
from custom_components.llm_gateway_account.gateway.site import DEFAULT_QUOTA_PER_UNIT
from custom_components.llm_gateway_account.gateway.transport import Transport
from custom_components.llm_gateway_account.gateway.values import number


class CreditsClient(Gateway):
    """Reads one account at such a gateway."""

    def __init__(self, access: Access) -> None:
        """Keep what a request needs."""
        self._transport = Transport(access.session, access.url, access.limiter)
        self._headers = {
            "Authorization": f"Bearer {access.access_token}",
            "User-Agent": access.user_agent,
        }

    @override
    async def async_get_account(
        self, priority: Priority = Priority.POLL, timeout: float | None = None
    ) -> Account:
        answer = await self._transport.async_get(
            "v1/credits", self._headers, limit=9999, priority=priority, timeout=timeout
        )
        data = object_of(answer)
        left, used = number(data.get("credits")), number(data.get("used"))
        if answer.status != 200 or left is None or used is None:
            raise error_from_envelope(answer.status, data)
        return Account(quota=_points(left), used_quota=_points(used))


def _points(dollars: float) -> int:
    return round(dollars * DEFAULT_QUOTA_PER_UNIT)
