"""A phone with the companion app, as far as Home Assistant can tell."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import web

from .instance import Instance

NAME = "Demo phone"
NOTIFY = "notify.mobile_app_demo_phone"


@asynccontextmanager
async def run_phone(show: Callable[[str], None]) -> AsyncGenerator[str]:
    """Show what is sent to the phone; yields the address that it is sent to."""

    async def receive(request: web.Request) -> web.Response:
        message: dict[str, Any] = await request.json()
        show(" | ".join(filter(None, map(message.get, ("title", "message")))))
        return web.json_response({}, status=201)

    app = web.Application()
    app.router.add_post("/", receive)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    try:
        yield f"http://{host}:{port}/"
    finally:
        await runner.cleanup()


async def add_phone(instance: Instance, push_url: str) -> None:
    """Let it sign in to Home Assistant, as the app does."""
    await instance.add_phone(
        {
            "app_data": {"push_token": "demo", "push_url": push_url},
            "app_id": "demo",
            "app_name": "Demo",
            "app_version": "1",
            "device_id": "demo",
            "device_name": NAME,
            "manufacturer": "Demo",
            "model": "Demo",
            "os_name": "Demo",
            "os_version": "1",
            "supports_encryption": False,
        }
    )
