"""The browser, kept away from everything but this machine."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal

from playwright.async_api import Browser, BrowserContext, Route, async_playwright
from yarl import URL

from . import ROOT, TIME_ZONE

# A program, or a link to one: scripts/setup --browser puts it there.
CHROMIUM = ROOT / ".tools" / "browser"

ARGUMENTS = (
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
    )
    await context.route("**/*", _stay_here)
    yield context
    await context.close()


async def _stay_here(route: Route) -> None:
    if URL(route.request.url).host == "127.0.0.1":
        await route.continue_()
    else:
        await route.abort()
