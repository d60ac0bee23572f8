"""A throw-away Home Assistant on loopback, driven through its own API."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
import json
from pathlib import Path
import shutil
import signal
import sys
from typing import Any

import aiohttp
import yaml

ROOT = Path(__file__).parent.parent
DOMAIN = "llm_gateway_account"
DASHBOARD = "llm-gateway-account"
START_TIMEOUT = 180
RECORDS_TIMEOUT = 60


class DemoError(Exception):
    """Something the person has to know, in words for the terminal."""


class HomeAssistantError(DemoError):
    """Home Assistant itself does not run; its log tells more."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the person chose."""

    port: int
    language: str
    name: str
    """Name of the home, by which it is told from any other at the same port."""
    password: str
    open_door: bool
    """Let everybody on this machine in without a password."""
    time_zone: str = "UTC"


@asynccontextmanager
async def run_home_assistant(
    config: Path, settings: Settings, python: tuple[str, str] = ("-m", "homeassistant")
) -> AsyncGenerator[asyncio.subprocess.Process]:
    """Run Home Assistant in a folder, and stop it at the end.

    `python` tells Python what to run in its place.

    The folder is empty, or holds the `custom_components` to run in place of ours.
    """
    _write_config(config, settings)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *python,
        "--config",
        str(config),
        "--skip-pip",
        "--log-no-color",
        # Not here, where Python would find this folder's own custom_components.
        cwd=config,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
        # Ctrl-C is for us; Home Assistant is stopped in its own time below.
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                await asyncio.wait_for(process.wait(), 30)
            except TimeoutError:
                process.kill()
                await process.wait()


def _write_config(config: Path, settings: Settings) -> None:
    providers: list[dict[str, Any]] = [{"type": "homeassistant"}]
    if settings.open_door:
        trusted = {
            "type": "trusted_networks",
            "trusted_networks": ["127.0.0.1/32"],
            "allow_bypass_login": True,
        }
        providers.insert(0, trusted)
    configuration: dict[str, Any] = {
        # No default_config: nothing here may ask for the internet.
        "homeassistant": {
            "name": settings.name,
            "latitude": 0,
            "longitude": 0,
            "elevation": 0,
            "unit_system": "metric",
            "currency": "USD",
            "country": "US",
            "language": settings.language,
            "time_zone": settings.time_zone,
            "auth_providers": providers,
        },
        # Of which the graphs have their choice of a period.
        "energy": None,
        "frontend": None,
        "history": None,
        "recorder": {"commit_interval": 1},
        "logbook": None,
        "mobile_app": None,
        "system_health": None,
        "logger": {
            "default": "warning",
            "logs": {f"custom_components.{DOMAIN}": "info"},
        },
    }
    # The editors of the user interface write these files.
    editable = {"automation": "automations.yaml", "script": "scripts.yaml"}
    for file in editable.values():
        (config / file).touch()
    includes = [f"{key}: !include {file}\n" for key, file in editable.items()]
    (config / "configuration.yaml").write_text(
        yaml.safe_dump(configuration, allow_unicode=True) + "".join(includes),
        encoding="utf-8",
    )
    if not (custom_components := config / "custom_components").exists():
        custom_components.symlink_to(ROOT / "custom_components")
    shutil.copytree(ROOT / "blueprints", config / "blueprints", dirs_exist_ok=True)
    # `http:` in the configuration is deprecated, so the port goes where the user
    # interface keeps it. Version 1 is read by every release that has this store.
    http = {"server_host": ["127.0.0.1"], "server_port": settings.port}
    _store(config, "http", 1, http)
    # All but the owner's account is done: another step would look up the internet.
    done = ["core_config", "analytics", "integration"]
    _store(config, "onboarding", 4, {"done": done})


def _store(config: Path, key: str, version: int, data: Any) -> None:
    """Write what Home Assistant reads when it starts."""
    content = {"version": version, "minor_version": 1, "key": key, "data": data}
    storage = config / ".storage"
    storage.mkdir(exist_ok=True)
    (storage / key).write_text(json.dumps(content), encoding="utf-8")


class Instance:
    """A running Home Assistant, seen through its API."""

    def __init__(self, session: aiohttp.ClientSession, settings: Settings) -> None:
        """Remember where it runs; nothing is sent yet."""
        self.url = f"http://127.0.0.1:{settings.port}"
        self._session = session
        self._settings = settings
        self._headers: dict[str, str] = {}

    async def wait(self, process: asyncio.subprocess.Process) -> None:
        """Wait until it answers. Raises DemoError if it does not."""
        for _ in range(START_TIMEOUT * 2):
            if process.returncode is not None:
                raise HomeAssistantError("Home Assistant stopped while starting.")
            try:
                async with self._session.get(f"{self.url}/api/onboarding") as response:
                    if response.ok:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.5)
        raise HomeAssistantError("Home Assistant did not start in time.")

    async def create_owner(self) -> None:
        """Create the only user, `demo`, and act as that one from now on."""
        client = {"client_id": f"{self.url}/"}
        user = await self._post(
            "/api/onboarding/users",
            {
                **client,
                "name": "Demo",
                "username": "demo",
                "password": self._settings.password,
                "language": self._settings.language,
            },
        )
        async with self._session.post(
            f"{self.url}/auth/token",
            data={
                **client,
                "grant_type": "authorization_code",
                "code": user["auth_code"],
            },
        ) as response:
            tokens = await response.json()
        self._headers = {"Authorization": f"Bearer {tokens['access_token']}"}

    async def check_identity(self) -> None:
        """Raise DemoError if it is not the one that was started here."""
        if (await self._config())["location_name"] != self._settings.name:
            raise DemoError(f"Another Home Assistant answers at {self.url}.")

    async def _config(self) -> Any:
        async with self._session.get(
            f"{self.url}/api/config", headers=self._headers
        ) as response:
            return await response.json()

    async def add_account(self, user_input: dict[str, Any]) -> str:
        """Go through the config flow and return the ID of the entry.

        Raises DemoError with the flow's own messages if it does not get through.
        """
        flows = "/api/config/config_entries/flow"
        flow = await self._post(flows, {"handler": DOMAIN})
        result = await self._post(f"{flows}/{flow['flow_id']}", user_input)
        if result["type"] != "create_entry":
            texts = await self.command(
                "frontend/get_translations",
                category="config",
                language=self._settings.language,
                integration=[DOMAIN],
            )
            raise DemoError(_explain(result, texts["resources"]))
        entry_id: str = result["result"]["entry_id"]
        return entry_id

    async def add_phone(self, registration: dict[str, Any]) -> None:
        """Register an app, which can then be notified."""
        for _ in range(START_TIMEOUT * 2):
            if "mobile_app" in (await self._config())["components"]:
                break
            await asyncio.sleep(0.5)
        await self._post("/api/mobile_app/registrations", registration)

    async def wait_for_records(self) -> None:
        """Wait until the records of the usage were read, or give up."""
        for _ in range(RECORDS_TIMEOUT):
            states = await self.command("get_states")
            if any("model_statistic_ids" in each["attributes"] for each in states):
                return
            await asyncio.sleep(1)

    async def entities(self, entry_id: str) -> dict[str, str]:
        """Return the entity IDs of an entry's enabled entities by their keys."""
        return {
            each["unique_id"].removeprefix(f"{entry_id}_"): each["entity_id"]
            for each in await self.command("config/entity_registry/list")
            if each["config_entry_id"] == entry_id and not each["disabled_by"]
        }

    async def update(self) -> None:
        """Ask the gateway of every account now."""
        entities = await self.command("config/entity_registry/list")
        balances = [
            each["entity_id"]
            for each in entities
            if each["platform"] == DOMAIN and each["unique_id"].endswith("_balance")
        ]
        await self.command(
            "call_service",
            domain="homeassistant",
            service="update_entity",
            service_data={"entity_id": balances},
        )

    async def choose_all_keys(self, limit: float) -> None:
        """Give each API key of every account its device; with less left it is low."""
        choice = {"shown_keys": "all", "key_limit": limit, "key_expiry_days": 7}
        await self.change_options("keys", choice | {"new_keys": True})
        await self._show_what_keys_spent()

    async def change_options(self, step: str, choice: dict[str, Any]) -> None:
        """Fill in a form of the options of every account."""
        flows = "/api/config/config_entries/options/flow"
        for each in await self.command("config_entries/get", domain=DOMAIN):
            flow = await self._post(flows, {"handler": each["entry_id"]})
            address = f"{flows}/{flow['flow_id']}"
            await self._post(address, {"next_step_id": step})
            await self._post(address, choice)

    async def _show_what_keys_spent(self) -> None:
        """Enable the sensors of that, as soon as the keys are there."""
        sums: list[dict[str, Any]] = []
        for _ in range(RECORDS_TIMEOUT):
            entities = await self.command("config/entity_registry/list")
            sums = [each for each in entities if _is_key_sum(each["unique_id"])]
            if sums:
                break
            await asyncio.sleep(1)
        for each in sums:
            await self.command(
                "config/entity_registry/update",
                entity_id=each["entity_id"],
                disabled_by=None,
            )
        for entry_id in {each["config_entry_id"] for each in sums}:
            path = f"/api/config/config_entries/entry/{entry_id}/reload"
            await self._post(path, {})
        await self.wait_for_records()
        for _ in range(RECORDS_TIMEOUT):
            states = {
                each["entity_id"]: each for each in await self.command("get_states")
            }
            if all(_is_known(states.get(each["entity_id"])) for each in sums):
                return
            await asyncio.sleep(1)

    async def show_dashboard(self) -> None:
        """Make the dashboard of the integration the first thing people see."""
        texts = await self.command(
            "frontend/get_translations",
            category="title",
            language=self._settings.language,
            integration=[DOMAIN],
        )
        await self.command(
            "lovelace/dashboards/create",
            url_path=DASHBOARD,
            title=texts["resources"][f"component.{DOMAIN}.title"],
            icon="mdi:wallet",
            mode="storage",
        )
        await self.command(
            "lovelace/config/save",
            url_path=DASHBOARD,
            config={"strategy": {"type": f"custom:{DASHBOARD}"}},
        )
        await self.command(
            "frontend/set_system_data", key="core", value={"default_panel": DASHBOARD}
        )

    async def command(self, kind: str, **arguments: Any) -> Any:
        """Send a WebSocket command and return its result."""
        async with self._session.ws_connect(f"{self.url}/api/websocket") as socket:
            await socket.receive_json()
            token = self._headers["Authorization"].removeprefix("Bearer ")
            await socket.send_json({"type": "auth", "access_token": token})
            await socket.receive_json()
            await socket.send_json({"id": 1, "type": kind, **arguments})
            answer = await socket.receive_json()
        if not answer["success"]:
            raise DemoError(f"Home Assistant refused {kind}: {answer['error']}")
        return answer["result"]

    async def _post(self, path: str, body: dict[str, Any]) -> Any:
        async with self._session.post(
            f"{self.url}{path}", json=body, headers=self._headers
        ) as response:
            if not response.ok:
                raise DemoError(f"Home Assistant refused {path}: {response.status}")
            return await response.json()


def _is_known(state: dict[str, Any] | None) -> bool:
    return state is not None and state["state"] not in {"unknown", "unavailable"}


def _is_key_sum(unique_id: str) -> bool:
    return "_key_" in unique_id and unique_id.endswith("_spent_today")


def _explain(result: dict[str, Any], texts: dict[str, str]) -> str:
    keys = [f"error.{error}" for error in (result.get("errors") or {}).values()]
    if "reason" in result:
        keys.append(f"abort.{result['reason']}")
    placeholders = result.get("description_placeholders") or {}
    return " ".join(
        texts[f"component.{DOMAIN}.config.{key}"].format(**placeholders) for key in keys
    )
