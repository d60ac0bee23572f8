"""The editor of automations leads to our triggers and conditions."""

from dataclasses import dataclass
from typing import Any

from playwright.async_api import expect
import yaml

from .walk import Walk

BLUEPRINT = "LLM account: balance alert"

# What a person types who looks for an alert.
WORDS = {"en": "balance", "zh-Hans": "剩余额度"}


@dataclass(frozen=True)
class Automations:
    """A person who wants an automation of their own."""

    walk: Walk

    async def find_trigger_and_condition(self) -> None:
        """Find both by what they are about, and see what they ask for."""
        screen = self.walk.screen
        await screen.open("/config/automation/edit/new")
        for kind, key in (
            ("triggers", "balance_below"),
            ("conditions", "is_balance_below"),
        ):
            ours = f"{kind}.{key}"
            await screen.press(
                screen.texts.frontend(f"panel.config.automation.editor.{kind}.add")
            )
            search = screen.page.get_by_placeholder(
                screen.texts.frontend("common.search"), exact=True
            ).filter(visible=True)
            await search.press_sequentially(WORDS[screen.look.language])
            # The trigger that was added before may be called like the condition.
            found = screen.page.locator("add-automation-element-dialog").get_by_text(
                screen.texts.ours(f"{ours}.name"), exact=True
            )
            await found.filter(visible=True).first.click()
            await screen.see(screen.texts.ours(f"{ours}.fields.limit.description"))
            # The panel of what was chosen covers a small screen.
            close = screen.page.locator("ha-automation-sidebar").get_by_role(
                "button", name=screen.texts.frontend("common.close")
            )
            await close.click()
            await expect(search).to_have_count(0)

    async def save_blueprint(self, device: str, phone: str) -> None:
        """Choose the account and a phone in the form of a blueprint, and save it."""
        screen, text = self.walk.screen, self.walk.screen.texts.frontend
        with screen.task("alert on a phone by blueprint", most=7):
            await screen.open("/config/blueprint/dashboard")
            await screen.choose(BLUEPRINT)
            for field, name in enumerate((device, phone)):
                picker = screen.page.locator("ha-selector-device").nth(field)
                await screen.click(picker.get_by_role("button").first)
                option = screen.page.get_by_role("option", name=name)
                await screen.click(option.filter(visible=True).first)
            await screen.press(text("common.save"))
        await screen.page.wait_for_url(lambda url: not url.endswith("/new"))

    async def alert_from_device(self, limit: str, phone: str, message: str) -> None:
        """Create one from the page of the device, as the README says, and wait."""
        screen, text = self.walk.screen, self.walk.screen.texts.frontend
        add_to = "dialogs.more_info_control.add_to"
        dialog = screen.page.locator("add-automation-element-dialog")
        sidebar = screen.page.locator("ha-automation-sidebar")
        save_dialog = screen.page.locator("ha-dialog-automation-save")
        await self.walk.open_device()
        with screen.task("alert on a phone from the page of the device", most=10):
            await screen.choose(text(f"{add_to}.item"))
            await screen.choose(text(f"{add_to}.action_options.automation_trigger"))
            trigger = screen.texts.ours("triggers.balance_below.name")
            await screen.click(dialog.get_by_text(trigger).first)
            await screen.paste(sidebar.locator("ha-selector-number input"), limit)
            await screen.press(text("panel.config.automation.editor.actions.add"))
            await screen.paste(dialog.get_by_placeholder(text("common.search")), phone)
            await screen.click(dialog.get_by_text(phone).first)
            field = sidebar.locator("ha-service-control input").first
            await screen.paste(field, message)
            await screen.press(text("common.save"))
            save = save_dialog.get_by_role("button", name=text("common.save"))
            await screen.click(save)
        await self._wait_until_saved()

    async def paste(self, automation: dict[str, Any]) -> None:
        """Create one as the README says, and wait until it runs."""
        screen, text = self.walk.screen, self.walk.screen.texts.frontend
        await screen.open("/config/automation/edit/new")
        await screen.press(text("common.menu"))
        await screen.choose(text("panel.config.automation.editor.edit_yaml"))
        await screen.paste(
            screen.page.locator(".cm-content"), yaml.safe_dump(automation)
        )
        await screen.press(text("common.save"))
        await self._wait_until_saved()

    async def _wait_until_saved(self) -> None:
        page = self.walk.screen.page
        await page.wait_for_url(lambda url: not url.endswith("/new"))
        # What was saved is running a moment later.
        await page.wait_for_timeout(2000)
