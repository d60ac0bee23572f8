"""What people want to get done, and in how many steps they do."""

from dataclasses import dataclass

from playwright.async_api import Locator, expect

from demo.phone import NAME, NOTIFY

from .automations import Automations
from .still import rest
from .walk import Walk

OWN = "my-own"
NOTIFY_NAME = NOTIFY.removeprefix("notify.")


@dataclass(frozen=True)
class Tasks:
    """A person at a large screen, with two accounts and a phone."""

    walk: Walk
    sent: list[str]
    """What came to the phone."""

    async def which_model_cost_most_yesterday(self) -> None:
        """Choose the day above the graph, and point at its bar."""
        screen = self.walk.screen
        with screen.task("which model cost most yesterday", most=4):
            await self.walk.open_dashboard()
            tab = screen.page.get_by_role("tab", name="Example Gateway", exact=True)
            await screen.click(tab)
            picker = screen.page.locator("hui-energy-date-selection-card")
            await screen.click(picker.get_by_role("button").first)
            ranges = "components.date-range-picker.ranges"
            await screen.choose(screen.texts.frontend(f"{ranges}.yesterday"))
        graph = screen.page.locator("hui-statistics-graph-card").first
        await rest(screen.page)
        await graph.locator("canvas").first.hover()
        await screen.see("claude-sonnet-4-5 (change)")

    async def two_accounts_on_an_own_dashboard(self) -> None:
        """Let the dashboard make a section of each."""
        screen, command = self.walk.screen, self.walk.instance.command
        await command(
            "lovelace/dashboards/create", url_path=OWN, title="Own", mode="storage"
        )
        view = {"title": "Home", "type": "sections", "sections": []}
        await command("lovelace/config/save", url_path=OWN, config={"views": [view]})
        with screen.task("two accounts on an own dashboard", most=14):
            await screen.open(f"/{OWN}?edit=1")
            await self._add_section("Example Gateway")
            await self._add_section("Example Gateway (Second)")
            await screen.press(
                screen.texts.frontend("panel.lovelace.menu.exit_edit_mode")
            )
        gauges = screen.page.locator("hui-gauge-card")
        await expect(gauges).to_have_count(2)

    async def _add_section(self, device: str) -> None:
        screen, text = self.walk.screen, self.walk.screen.texts.frontend
        await screen.click(screen.page.locator(".create-section"))
        await screen.choose(text("panel.lovelace.editor.create_section.automatic"))
        await screen.click(self._visible("[data-type='custom:llm-gateway-account']"))
        await screen.click(self._visible("ha-device-picker"))
        await screen.click(
            screen.page.get_by_role("option")
            .filter(has_text=device, visible=True)
            .first
        )
        await screen.press(text("common.save"))

    def _visible(self, selector: str) -> Locator:
        return self.walk.screen.page.locator(selector).filter(visible=True).first

    async def phone_alert_by_blueprint(self) -> None:
        """Choose the account and the phone."""
        await Automations(self.walk).save_blueprint("Example Gateway", NAME)

    async def phone_alert(self) -> None:
        """Be told when less than 5 is left, which two answers have to show."""
        walk = self.walk
        before = len(self.sent)
        message = "{{ trigger.value }} {{ trigger.currency }} left"
        await Automations(walk).alert_from_device("5", NOTIFY_NAME, message)
        walk.gateway.account.leave(2_400_000)
        for _ in range(20):
            await walk.update()
            if "4.8 USD left" in self.sent[before:]:
                return
            await walk.screen.page.wait_for_timeout(1000)
        raise AssertionError(self.sent)
