"""How long the overview of twelve accounts takes to open: `python -m e2e.opening`.

Against the energy dashboard of the same thirty days: what each account spent is a
device there. Each is opened in turn, round for round, so that whatever else the machine
does falls on both alike. Prints the times of each round and the ratio of the medians.
"""

import asyncio
from contextlib import AsyncExitStack
import json
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import aiohttp
from playwright.async_api import Page

from demo.instance import DASHBOARD, Instance, Settings, run_home_assistant
from demo.simulation import account_of
from tests.gateway_past import give_past
from tests.gateway_server import NEW_API_2026_08, GatewayServer

from . import TIME_ZONE
from .browser import Look, open_context, run_chromium
from .ports import free_port
from .still import rest

ACCOUNTS = 12
ROUNDS = 7
PAGES = {"ours": f"/{DASHBOARD}/overview", "energy": "/energy/electricity"}
LOOK = Look(language="en", width=1280, height=1000, scheme="light")

# For how long nothing may happen once all is drawn, in milliseconds.
QUIET = 1500
PERIOD = "localStorage['energy-default-period-_energy_dashboard'] = 'now-30d';"


async def opened(page: Page, url: str) -> dict[str, Any]:
    """Return after how many milliseconds all is drawn, and how much that is."""
    await page.goto(url, wait_until="commit")
    milliseconds = await rest(page, QUIET, charts=True)
    found = await page.evaluate("({ ...window.found, requests: window.requests })")
    return {"milliseconds": round(milliseconds), **found}


def gateways() -> list[GatewayServer]:
    """Return one for each account, with a month behind it."""
    servers = []
    for index in range(ACCOUNTS):
        server = GatewayServer(NEW_API_2026_08, username="demo", display_name="Demo")
        give_past(server.books, spent=2_000_000, requests=600, wild=2, seed=index)
        servers.append(server)
    return servers


async def records(instance: Instance) -> list[str]:
    """Return the statistics of what each account spent, once all are read."""
    ids: list[str] = []
    for _ in range(180):
        states = await instance.command("get_states")
        ids = [
            each["attributes"]["statistic_id"]
            for each in states
            if each["attributes"].get("model_statistic_ids")
        ]
        if len(ids) == ACCOUNTS:
            break
        await asyncio.sleep(1)
    return ids


async def prepare(instance: Instance, servers: list[GatewayServer]) -> None:
    """Add the accounts, and what they spent to the energy dashboard."""
    await instance.create_owner()
    for server in servers:
        await instance.add_account(account_of(server, server.account))
    ids = await records(instance)
    grid = {"type": "grid", "stat_energy_from": ids[0], "cost_adjustment_day": 0}
    await instance.command(
        "energy/save_prefs",
        energy_sources=[grid],
        device_consumption=[{"stat_consumption": each} for each in ids],
    )
    await instance.show_dashboard()


async def main(config: Path) -> None:
    """Open both in turn."""
    settings = Settings(
        port=free_port(),
        language="en",
        name="E2E",
        password="demo",
        open_door=True,
        time_zone=TIME_ZONE,
    )
    async with AsyncExitStack() as stack:
        servers = gateways()
        for server in servers:
            await server.start()
            stack.push_async_callback(server.stop)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        process = await stack.enter_async_context(run_home_assistant(config, settings))
        instance = Instance(session, settings)
        await instance.wait(process)
        await prepare(instance, servers)
        browser = await stack.enter_async_context(run_chromium())
        context = await stack.enter_async_context(open_context(browser, LOOK))
        page = await context.new_page()
        await page.goto(instance.url)
        await page.locator("home-assistant-main").wait_for()
        await page.add_init_script(PERIOD)
        rounds = [
            {name: await opened(page, instance.url + path) for name, path in each}
            for each in [list(PAGES.items())] * (ROUNDS + 1)
        ]
    # The first one fills the caches.
    times = {
        name: [each[name]["milliseconds"] for each in rounds[1:]] for name in PAGES
    }
    medians = {name: median(each) for name, each in times.items()}
    ratio = round(medians["ours"] / medians["energy"], 2)
    print(json.dumps({"last": rounds[-1], "times": times, "ratio": ratio}, indent=1))


if __name__ == "__main__":
    with TemporaryDirectory(prefix="e2e_") as folder:
        asyncio.run(main(Path(folder)))
