"""Every scene of the demo, at a glance: a person opens the dashboard and reads it."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import aiohttp
from playwright.async_api import Browser

from demo.instance import DASHBOARD, Instance, Settings, run_home_assistant
from demo.scenes import Scene, play, program_of, run_gateways
from demo.simulation import account_of
from tests.gateway_server import ACCESS_TOKEN

from . import TIME_ZONE
from .browser import Look, open_context, wear
from .glance import SUFFIXES
from .pictures import take
from .ports import free_port
from .screen import Screen
from .still import rest
from .texts import Texts
from .watch import Watch

# What stands there, of the words of the dashboard; the usual month is walked through.
WORDS = {
    Scene.FIRST_MINUTE: "first_day",
    Scene.USED_UP: "top_up",
    Scene.TOKEN_REFUSED: "token_refused",
    Scene.THREE_ACCOUNTS: "all_accounts",
    Scene.KEYS_AND_PLAN: "unlimited",
    Scene.OVER_BUDGET: "budget",
}
# Of what, on a phone or on a large screen.
ALL = "hui-view"
KEYS = "hui-markdown-card:has-text('intern')"
BUDGETS = "hui-markdown-card:has-text('┃')"
PICTURES = {
    (Scene.THREE_ACCOUNTS, False): ("overview", ALL),
    (Scene.USED_UP, True): ("used-up.phone", ALL),
    (Scene.KEYS_AND_PLAN, False): ("keys", KEYS),
    (Scene.KEYS_AND_PLAN, True): ("plan.phone", ALL),
    (Scene.OVER_BUDGET, False): ("budget", BUDGETS),
}


async def look_at(
    browser: Browser, scene: Scene, looks: list[Look], pictures: Path
) -> None:
    """Open the dashboard of a scene in every look; take pictures of some."""
    async with _run(scene) as instance, open_context(browser, looks[0]) as context:
        page = await context.new_page()
        await page.goto(instance.url)
        await page.locator("home-assistant-main").wait_for()
        watch = Watch([ACCESS_TOKEN, ACCESS_TOKEN[::-1]])
        for look in looks:
            await wear(page, look)
            texts = Texts(look.language)
            screen = Screen(page, instance.url, look, texts, watch)
            await screen.open(f"/{DASHBOARD}")
            await screen.see(texts.ours(f"selector.graph.options.{WORDS[scene]}"))
            await rest(page)
            await screen.check()
            if picture := PICTURES.get((scene, look.is_phone)):
                name, selector = picture
                shown = page.locator(selector)
                if selector != ALL:
                    await shown.scroll_into_view_if_needed()
                file = pictures / f"{name}{SUFFIXES[look.language]}.png"
                await take(shown, file)
            print(f"{look}: scene {scene}", flush=True)


@asynccontextmanager
async def _run(scene: Scene) -> AsyncGenerator[Instance]:
    settings = Settings(
        port=free_port(),
        language="en",
        name="E2E",
        password="demo",
        open_door=True,
        time_zone=TIME_ZONE,
    )
    with TemporaryDirectory(prefix="e2e_") as folder:
        async with (
            aiohttp.ClientSession() as session,
            run_gateways(scene) as gateways,
            run_home_assistant(Path(folder), settings, program_of(scene)) as process,
        ):
            instance = Instance(session, settings)
            await instance.wait(process)
            await instance.create_owner()
            await instance.add_account(account_of(gateways[0], gateways[0].account))
            await play(scene, gateways, instance)
            await instance.show_dashboard()
            yield instance
