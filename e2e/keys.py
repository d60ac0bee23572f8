"""A person who gives each app a key of its own, and wants to know when one ends."""

from dataclasses import dataclass

from playwright.async_api import Locator, expect

from demo.instance import DOMAIN
from demo.phone import NOTIFY
from tests.gateway_keys import USED_UP

from .automations import Automations
from .walk import ENTRY_PAGE, Walk

KEY = "intern"
ANOTHER_KEY = "server"


@dataclass(frozen=True)
class Keys:
    """From the options to the message on the phone."""

    walk: Walk
    sent: list[str]
    """What came to the phone."""

    async def choose_keys(self) -> None:
        """Choose two of five in the options, and see their devices."""
        screen, texts = self.walk.screen, self.walk.screen.texts
        with screen.task("choose API keys", most=12):
            await screen.open(ENTRY_PAGE)
            configure = "panel.config.integrations.config_entry.configure"
            await screen.press(texts.frontend(configure))
            await screen.choose(texts.ours("options.step.init.menu_options.keys"))
            await screen.choose(texts.ours("selector.shown_keys.options.chosen"))
            await screen.submit()
            await screen.see(texts.ours("options.step.chosen_keys.description"))
            for name in (KEY, ANOTHER_KEY):
                await screen.click(self._add)
                await screen.click(
                    screen.page.get_by_role("option", name=name).filter(visible=True)
                )
            await screen.submit()
            await screen.press(
                texts.frontend("panel.config.integrations.config_flow.finish")
            )
        for name in (KEY, ANOTHER_KEY):
            await expect(self._row(name)).to_be_visible()
        await self.walk.open_dashboard()
        await screen.see(KEY, texts.ours("selector.graph.options.keys"))

    @property
    def _add(self) -> Locator:
        screen = self.walk.screen
        selector = screen.page.locator("ha-selector-select")
        return selector.get_by_text(screen.texts.frontend("common.add"), exact=True)

    def _row(self, name: str) -> Locator:
        rows = self.walk.screen.page.locator("ha-config-entry-device-row")
        return rows.filter(has_text=name)

    async def automation_when_a_key_is_used_up(self) -> None:
        """Paste it for a key, let the gateway use that up, and get the message."""
        walk = self.walk
        (device_id,) = (
            each["id"]
            for each in await walk.instance.command("config/device_registry/list")
            if each["name"] == KEY
        )
        await Automations(walk).paste(
            {
                "alias": KEY,
                "triggers": [
                    {
                        "trigger": f"{DOMAIN}.key_used_up",
                        "target": {"device_id": device_id},
                    }
                ],
                "actions": [
                    {
                        "action": NOTIFY,
                        "data": {"message": "used up: {{ trigger.key }}"},
                    }
                ],
            }
        )
        gateway = walk.gateway
        (key,) = (each for each in gateway.keys.by_id.values() if each.name == KEY)
        key.status, key.remain_quota = USED_UP, 0
        for _ in range(60):
            gateway.account.request_count += 1
            await walk.update()
            if any(KEY in each for each in self.sent):
                break
            await walk.screen.page.wait_for_timeout(300)
        assert f"used up: {KEY}" in "\n".join(self.sent), self.sent
        await walk.open_dashboard()
        await walk.screen.see(
            walk.screen.texts.ours("entity.sensor.key_status.state.used_up")
        )
