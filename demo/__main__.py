"""`python -m demo`: what `scripts/develop` runs."""

import argparse
import asyncio
from contextlib import AsyncExitStack, suppress
from getpass import getpass
import os
from pathlib import Path
import secrets
import signal
import socket
import sys
from tempfile import TemporaryDirectory

import aiohttp

from homeassistant.const import __version__
from homeassistant.generated.languages import LANGUAGES
from tests.gateway_server import GatewayServer

from .instance import (
    DemoError,
    HomeAssistantError,
    Instance,
    Settings,
    run_home_assistant,
)
from .phone import NAME, add_phone, run_phone
from .scenes import Scene, play, program_of, run_gateways
from .simulation import account_of, spend

TOKEN_VARIABLE = "LLM_GATEWAY_ACCESS_TOKEN"  # noqa: S105


def parse_arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/develop",
        description=(
            "Starts Home Assistant with this integration, an account and a dashboard."
            " Without --url it is an account at a simulated gateway."
        ),
    )
    parser.add_argument("--port", type=int, default=8123, help="default: 8123")
    parser.add_argument(
        "--language",
        default="en",
        choices=sorted(LANGUAGES),
        metavar="LANGUAGE",
        help="such as en or zh-Hans",
    )
    parser.add_argument(
        "--scene",
        type=Scene,
        choices=list(Scene),
        default=Scene.USUAL_MONTH,
        help="the day of the account that is shown; default: usual-month",
    )
    parser.add_argument("--url", help="address of a real gateway")
    parser.add_argument(
        "--user-id",
        help=f"user ID at that gateway; its access token is taken from the"
        f" environment variable {TOKEN_VARIABLE}, or asked for",
    )
    arguments = parser.parse_args()
    if bool(arguments.url) is not bool(arguments.user_id):
        parser.error("--url and --user-id go together")
    if not 1 <= arguments.port <= 65535:
        parser.error("--port is a number from 1 to 65535")
    return arguments


async def main(arguments: argparse.Namespace, token: str | None) -> None:
    """Run the demo until somebody stops it. Raises DemoError if it cannot run."""
    _check_port(arguments.port)
    real = token is not None
    settings = Settings(
        port=arguments.port,
        language=arguments.language,
        name=f"Demo {secrets.token_hex(4)}",
        password=secrets.token_urlsafe(9) if real else "demo",
        open_door=not real,
    )
    stopped = asyncio.Event()
    for signal_number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(signal_number, stopped.set)

    async with AsyncExitStack() as stack:
        # Readable for nobody else, and gone at the end: a real token is stored here.
        folder = stack.enter_context(TemporaryDirectory(prefix="llm_gateway_account_"))
        config = Path(folder)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        account = {
            "url": arguments.url,
            "user_id": arguments.user_id,
            "access_token": token or "",
        }
        gateways = []
        if not real:
            gateways = await stack.enter_async_context(run_gateways(arguments.scene))
            spending = asyncio.create_task(spend(gateways[0]))
            stack.callback(spending.cancel)
            account = account_of(gateways[0], gateways[0].account)
        print(f"Home Assistant {__version__} starts ...", flush=True)
        phone = await stack.enter_async_context(run_phone(_show))
        process = await stack.enter_async_context(
            run_home_assistant(config, settings, program_of(arguments.scene))
        )
        instance = Instance(session, settings)
        prepare = asyncio.create_task(_prepare(instance, process, account))
        stop = asyncio.create_task(stopped.wait())
        await asyncio.wait({prepare, stop}, return_when=asyncio.FIRST_COMPLETED)
        if stop.done():
            prepare.cancel()
            return
        try:
            await prepare
            await add_phone(instance, phone)
            if gateways:
                await play(arguments.scene, gateways, instance)
            await instance.show_dashboard()
        except HomeAssistantError as err:
            log = config / "home-assistant.log"
            lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
            raise DemoError("\n".join([str(err), *lines[-10:]])) from err
        _tell_where(settings)
        if gateways and arguments.scene is not Scene.THREE_ACCOUNTS:
            _tell_second_account(gateways[0])
        print("Ctrl-C stops everything.", flush=True)
        exited = asyncio.create_task(process.wait())
        await asyncio.wait({exited, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.done():
            raise DemoError("Home Assistant stopped by itself.")
        print("\nStopping ...", flush=True)


def _show(message: str) -> None:
    print(f"\n{NAME}: {message}", flush=True)


def _tell_where(settings: Settings) -> None:
    print(f"\nOpen http://127.0.0.1:{settings.port}")
    if settings.open_door:
        print("You are logged in at once (or as user demo, password demo).")
    else:
        print(f"User demo, password {settings.password}")
    print(f"What is sent to {NAME!r} is printed here.")


def _tell_second_account(gateway: GatewayServer) -> None:
    for account in gateway.more_accounts:
        second = account_of(gateway, account)
        print("\nThe simulated gateway has a second account. To add it by hand, use")
        print("Settings > Devices & services > LLM Gateway Account > Add account:")
        print(f"  Address of the gateway  {second['url']}")
        print(f"  User ID                 {second['user_id']}")
        print(f"  System access token     {second['access_token']}\n")


async def _prepare(
    instance: Instance, process: asyncio.subprocess.Process, account: dict[str, str]
) -> None:
    await instance.wait(process)
    await instance.create_owner()
    await instance.check_identity()
    await instance.add_account(account)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as err:
            raise DemoError(
                f"Port {port}: {err.strerror}. Try another one, such as --port 8124"
            ) from err


def ask_for_token() -> str:
    """Return the token of a real account. Raises DemoError if there is none."""
    try:
        token = os.environ.pop(TOKEN_VARIABLE, "") or getpass("Access token: ")
    except EOFError:
        token = ""
    if not token.strip():
        raise DemoError(f"No access token: set {TOKEN_VARIABLE}, or type it.")
    return token


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        try:
            chosen = parse_arguments()
            asyncio.run(main(chosen, ask_for_token() if chosen.url else None))
        except DemoError as err:
            sys.exit(str(err))
