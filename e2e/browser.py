"""The browser, kept away from everything but this machine."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from . import ROOT, TIME_ZONE
from .still import watch

# A program, or a link to one: scripts/setup --browser puts it there.
CHROMIUM = ROOT / ".tools" / "browser"

ARGUMENTS = (
    # Not by a handler of requests: each would cost a round trip, and the cache.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
)

# How browsers name the languages of Home Assistant.
LOCALES = {"en": "en-US", "zh-Hans": "zh-CN"}


@dataclass(frozen=True, kw_only=True)
class Look:
    """Through what a person sees Home Assistant."""

    language: str
    width: int
    height: int
    scheme: Literal["light", "dark"]

    @property
    def is_phone(self) -> bool:
        """Whether it is held in a hand."""
        return self.width < 600

    def __str__(self) -> str:
        """Return it in words."""
        size = "phone" if self.is_phone else "desktop"
        return f"{self.language} {size} {self.scheme}"


@asynccontextmanager
async def run_chromium() -> AsyncGenerator[Browser]:
    """Run the browser without a window."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS
        )
        yield browser
        await browser.close()


@asynccontextmanager
async def open_context(
    browser: Browser, look: Look, like: BrowserContext | None = None
) -> AsyncGenerator[BrowserContext]:
    """Open what a person's own browser is; one `like` another is logged in there."""
    context = await browser.new_context(
        viewport={"width": look.width, "height": look.height},
        color_scheme=look.scheme,
        locale=LOCALES[look.language],
        timezone_id=TIME_ZONE,
        reduced_motion="reduce",
        storage_state=await like.storage_state() if like else None,
        # It fetches all pages of Home Assistant in advance, for a later visit.
        service_workers="block",
    )
    await watch(context)
    yield context
    await context.close()


async def wear(page: Page, look: Look) -> None:
    """Let what is opened next on a page of Home Assistant be seen in another look."""
    await page.set_viewport_size({"width": look.width, "height": look.height})
    await page.emulate_media(color_scheme=look.scheme)
    await page.evaluate(f"localStorage.selectedLanguage = '\"{look.language}\"'")
