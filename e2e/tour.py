"""One Home Assistant, and everything that is looked at there in one language."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from time import monotonic
from typing import Literal
from zoneinfo import ZoneInfo

import aiohttp
from playwright.async_api import Browser, BrowserContext

from demo.instance import DOMAIN, Instance, Settings, run_home_assistant
from demo.phone import add_phone, run_phone
from demo.simulation import TOP_UP, create_gateway
from tests.gateway_server import ACCESS_TOKEN, PLANTED_SECRETS, GatewayServer

from . import TIME_ZONE
from .automations import Automations
from .browser import Look, open_context
from .forms import Forms
from .glance import Glance
from .keys import Keys
from .ports import free_port
from .screen import Screen
from .tasks import Tasks
from .texts import Texts
from .walk import NEW_TOKEN, Walk
from .watch import Watch

# Home Assistant as it is, but that a refusal is taken for a real one after a second
# instead of a whole poll, a redirect at once, a low balance after a second instead of
# four minutes, keys are listed each second in which one was used, and what a person
# updates twice is not put off for ten seconds.
HURRIED = f"""
from datetime import timedelta
import sys
from homeassistant.__main__ import main
from homeassistant.helpers import update_coordinator
from custom_components.{DOMAIN} import background, failures, keys, thresholds
from custom_components.{DOMAIN}.gateway import RedirectedError, TokenRefusedError
from custom_components.{DOMAIN}.spending import levels
assert update_coordinator.REQUEST_REFRESH_DEFAULT_COOLDOWN
update_coordinator.REQUEST_REFRESH_DEFAULT_COOLDOWN = 0.1
assert levels.LONGEST_REQUEST and thresholds.LONGEST_REQUEST
levels.LONGEST_REQUEST = thresholds.LONGEST_REQUEST = 1
assert background.SHORTEST and keys.SHORTEST and keys.SECONDS_PER_REQUEST
background.SHORTEST = keys.SHORTEST = keys.SECONDS_PER_REQUEST = 1
failures.CERTAIN_AFTER[TokenRefusedError] = timedelta(seconds=1)
failures.CERTAIN_AFTER[RedirectedError] = timedelta()
sys.exit(main())
"""

type Route = Literal["whole", "short", "oldest"]


@dataclass(frozen=True, kw_only=True)
class Tour:
    """What is looked at in one language."""

    look: Look
    """Of the whole walk."""
    other_look: Look
    """Of a second glance."""
    pictures: Path
    """Folder of the pictures."""
    renews: bool = False
    """Whether what is shown in the documents is written anew."""

    async def go(self, browser: Browser, route: Route = "whole") -> None:
        """Go through everything, what would be missed most, or what an old one has.

        A picture shows where it ended if it fails.
        """
        async with AsyncExitStack() as stack:
            config = Path(stack.enter_context(TemporaryDirectory(prefix="e2e_")))
            gateway = await stack.enter_async_context(_run_gateway())
            instance = await stack.enter_async_context(
                _run_instance(config, self.look.language)
            )
            sent: list[str] = []
            phone = await stack.enter_async_context(run_phone(sent.append))
            await add_phone(instance, phone)
            watch = Watch(
                [
                    ACCESS_TOKEN,
                    NEW_TOKEN,
                    *(each.access_token for each in gateway.more_accounts),
                    *PLANTED_SECRETS.values(),
                ]
            )
            texts = Texts(self.look.language)

            async def person(look: Look, like: BrowserContext | None = None) -> Walk:
                context = await stack.enter_async_context(
                    open_context(browser, look, like)
                )
                page = await context.new_page()
                screen = Screen(page, instance.url, look, texts, watch)
                return Walk(
                    screen=screen,
                    instance=instance,
                    gateway=gateway,
                    forms=Forms(screen),
                )

            walk = await person(self.look)
            tasks = Tasks(walk, sent)
            await _take(walk, walk.log_in, walk.add_account, walk.look_at_device)
            if route == "short":
                await _take(
                    walk,
                    walk.top_up,
                    walk.create_dashboard,
                    walk.lose_token,
                    walk.renew_token,
                    tasks.phone_alert,
                )
            elif route == "oldest":
                find = Automations(walk).find_trigger_and_condition
                await _take(walk, walk.create_dashboard, find)
            else:
                other = await person(self.other_look, walk.screen.page.context)
                await self._see_everything(walk, other, tasks, Keys(walk, sent))
            await _take(walk, walk.remove)
            log = (config / "home-assistant.log").read_text(encoding="utf-8")
            errors = {
                "whole": [
                    _logged("invalid_auth"),
                    _logged("redirected", target=gateway.url),
                ],
                "short": [_logged("invalid_auth")],
                "oldest": [],
            }
            watch.check_log(log, errors[route])

    async def _see_everything(
        self, walk: Walk, other: Walk, tasks: Tasks, keys: Keys
    ) -> None:
        twin = walk.write_twin if self.renews else walk.compare_with_twin
        await _take(walk, walk.top_up, walk.create_dashboard, twin)
        await _take(walk, Automations(walk).find_trigger_and_condition)
        for each in (walk, other):
            await _take(each, Glance(walk=each, pictures=self.pictures).look)
        await _take(
            walk,
            walk.change_options,
            walk.lose_token,
            walk.renew_token,
            walk.move,
        )
        await _take(walk, keys.choose_keys, keys.automation_when_a_key_is_used_up)
        await _take(walk, walk.look_at_two_accounts)
        if not self.look.is_phone:
            await _take(
                walk,
                tasks.which_model_cost_most_yesterday,
                tasks.two_accounts_on_an_own_dashboard,
                tasks.phone_alert_by_blueprint,
                tasks.phone_alert,
            )


def _logged(error: str, **placeholders: str) -> str:
    """Return how an error stands in the log: in English, without a full stop."""
    text = Texts("en").ours(f"exceptions.{error}.message", **placeholders)
    return text.removesuffix(".")


async def _take(walk: Walk, *steps: Callable[[], Awaitable[None]]) -> None:
    for step in steps:
        name = f"{walk.screen.look}: {step.__name__.replace('_', ' ')}"
        start = monotonic()
        try:
            await step()
        except Exception:
            file = Path(mkdtemp(prefix="e2e_failed_")) / "failed.png"
            await walk.screen.page.screenshot(path=file)
            print(f"{name} failed at {walk.screen.page.url}, see {file}", flush=True)
            raise
        print(f"{name}, {monotonic() - start:.0f} s", flush=True)


@asynccontextmanager
async def _run_gateway() -> AsyncGenerator[GatewayServer]:
    # A balance that no rounding touches.
    gateway = create_gateway(ZoneInfo(TIME_ZONE), quota=6_170_000 - TOP_UP)
    await gateway.start()
    try:
        yield gateway
    finally:
        await gateway.stop()


@asynccontextmanager
async def _run_instance(config: Path, language: str) -> AsyncGenerator[Instance]:
    settings = Settings(
        port=free_port(),
        language=language,
        name="E2E",
        password="demo",
        open_door=False,
        time_zone=TIME_ZONE,
    )
    async with (
        aiohttp.ClientSession() as session,
        run_home_assistant(config, settings, ("-c", HURRIED)) as process,
    ):
        instance = Instance(session, settings)
        await instance.wait(process)
        await instance.create_owner()
        yield instance
