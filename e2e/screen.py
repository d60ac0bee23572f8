"""What a person sees on a page and does there, by roles and words."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
import re

from playwright.async_api import Error, Locator, Page, expect

from .browser import Look
from .texts import Texts
from .watch import Watch

PATIENCE = 20_000
expect.set_options(timeout=PATIENCE)


class Screen:
    """A page of Home Assistant in front of a person."""

    def __init__(
        self, page: Page, url: str, look: Look, texts: Texts, watch: Watch
    ) -> None:
        """Look at an empty page; `url` is where Home Assistant is."""
        self.page = page
        self.look = look
        self.texts = texts
        self._url = url
        self.watch = watch
        self._steps = 0
        page.set_default_timeout(PATIENCE)
        watch.follow(page)

    async def open(self, path: str) -> None:
        """Go to a page and wait until it stands."""
        self._steps += 1
        # A dialog that closes goes back in the history, and ends what is loading or
        # leaves what was loaded.
        for _ in range(3):
            with suppress(Error):
                await self.page.goto(self._url + path)
            await expect(self.page.locator("#ha-launch-screen")).to_have_count(0)
            if path.partition("?")[0] in self.page.url:
                return
        raise AssertionError(f"{self.page.url} instead of {path}")

    def button(self, name: str) -> Locator:
        """Return the button with exactly this name."""
        return self.page.get_by_role("button", name=name, exact=True)

    def field(self, label: str) -> Locator:
        """Return the field with this label, required or not."""
        name = re.compile(rf"^{re.escape(label)}\*?$")
        role = self.page.get_by_role
        return role("textbox", name=name).or_(role("spinbutton", name=name))

    @contextmanager
    def task(self, name: str, *, most: int) -> Iterator[None]:
        """Count the pages, clicks and fields of a task. Fails if it takes too many."""
        before = self._steps
        yield
        steps = self._steps - before
        print(f"{self.look}: {name} in {steps} steps", flush=True)
        assert steps <= most, f"{name} takes {steps} steps"

    async def click(self, what: Locator) -> None:
        """Press something that has no words."""
        self._steps += 1
        await what.click()

    async def press(self, name: str) -> None:
        """Press a button."""
        await self.click(self.button(name).filter(visible=True))

    async def choose(self, text: str) -> None:
        """Press whatever says exactly this."""
        found = self.page.get_by_text(text, exact=True)
        await self.click(found.filter(visible=True).first)

    async def paste(self, where: Locator, text: str) -> None:
        """Put a text in place of all there is."""
        self._steps += 1
        await where.fill(text)

    async def submit(self) -> None:
        """Send a form."""
        await self.press(self.texts.frontend("common.submit"))

    async def type(self, label: str, text: str) -> None:
        """Replace what is in a field, by the keys."""
        self._steps += 1
        field = self.field(label)
        await field.fill("")
        await field.press_sequentially(text)

    async def see(self, *texts: str) -> None:
        """Fail unless each text stands there before long."""
        for text in texts:
            await expect(self.page.get_by_text(text).first).to_be_visible()
        await self.check()

    async def see_error(self, text: str) -> None:
        """Fail unless the form shows this error, and no other."""
        alert = self.page.locator("ha-alert")
        await expect(alert).to_contain_text(text)
        await expect(alert).to_be_visible()
        await self.check()

    async def see_entity(self, name: str, state: str = "") -> None:
        """Fail unless a row of this entity is there, and has the state."""
        row = self.page.locator("hui-generic-entity-row")
        row = row.filter(has=self.page.get_by_text(name, exact=True))
        await expect(row).to_be_visible()
        await expect(row).to_contain_text(state)
        await self.check()

    async def check(self) -> None:
        """Fail if something stands there that must not, or stands out."""
        await self.watch.check_page(self.page)
        # In the place of cards that cannot be shown.
        await expect(self.page.locator("hui-error-card, hui-warning")).to_have_count(0)
        width = await self.page.evaluate("document.documentElement.scrollWidth")
        assert width <= self.look.width, f"{self.page.url} is {width} pixels wide"
