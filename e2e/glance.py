"""What is looked at on every screen, and goes into the documents."""

from dataclasses import dataclass
from pathlib import Path

from playwright.async_api import expect

from .pictures import is_dark, take, take_screen
from .still import rest
from .walk import Walk

# Languages in the names of the documents.
SUFFIXES = {"en": "", "zh-Hans": ".zh-CN"}


@dataclass(frozen=True, kw_only=True)
class Glance:
    """Looks at the dashboard and two forms."""

    walk: Walk
    pictures: Path
    """Folder of the pictures."""

    async def look(self) -> None:
        """Look at everything; take pictures."""
        for see, shown, name in (
            (self._see_dashboard, "hui-view", "dashboard"),
            (self._see_form, "dialog[open]", "setup"),
            (self.walk.open_alerts, "dialog[open]", "alerts"),
        ):
            await see()
            await self._keep(shown, name)

    async def _keep(self, shown: str, name: str) -> None:
        screen = self.walk.screen
        await rest(screen.page)
        await screen.check()
        assert await is_dark(screen.page) is (screen.look.scheme == "dark")
        suffix = SUFFIXES[screen.look.language]
        if not screen.look.is_phone:
            file = self.pictures / f"{name}{suffix}.png"
            await take(screen.page.locator(shown).last, file)
        elif name == "dashboard":
            await take_screen(screen.page, self.pictures / f"{name}.phone{suffix}.png")

    async def _see_dashboard(self) -> None:
        screen = self.walk.screen
        await self.walk.open_dashboard()
        await screen.see(
            screen.texts.ours("entity.sensor.balance.name"),
            screen.texts.ours("entity.sensor.spent_this_month.name"),
            screen.texts.ours("selector.graph.options.past_events"),
            self.walk.balance,
        )
        for graph in ("used_quota", "spent_per_hour"):
            title = screen.texts.ours(f"selector.graph.options.{graph}")
            card = screen.page.locator("hui-statistics-graph-card")
            card = card.filter(has_text=title)
            await expect(card.locator("canvas")).to_be_visible()

    async def _see_form(self) -> None:
        await self.walk.open_form()
        await self.walk.forms.see_account("user")
