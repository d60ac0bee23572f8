"""The story of an account: from the login to its removal."""

from dataclasses import dataclass
from itertools import pairwise
import json
import re
from typing import Any, override

from playwright.async_api import expect
import yaml

from custom_components.llm_gateway_account.repairs import help_url
from demo.instance import DASHBOARD, DOMAIN, Instance
from demo.simulation import top_up
from tests.gateway_server import (
    ACCESS_TOKEN,
    GatewayServer,
    ServerAccount,
    answering,
)

from . import ROOT
from .forms import Forms
from .screen import Screen

# When an account that was asked just now is asked again at the latest, in seconds.
COOLDOWN = 12
ENTRY_PAGE = f"/config/integrations/integration/{DOMAIN}"
REPAIRS_PAGE = "/config/repairs"

NAME = json.loads(
    (ROOT / "custom_components" / DOMAIN / "manifest.json").read_text(encoding="utf-8")
)["name"]

# What the strategy makes of the first account, as the dashboard of one account.
GENERATE = f"""async () => {{
  const {{ hass }} = document.querySelector("home-assistant");
  const generate = (kind) =>
    customElements.get(`ll-strategy-${{kind}}-{DASHBOARD}`).generate({{}}, hass);
  const [{{ title }}] = (await generate("dashboard")).views;
  return {{ views: [{{ title, ...(await generate("view")) }}] }};
}}"""

# The same as cards, at a gateway of which only the address is another.
TWIN = ROOT / "docs" / "dashboard.yaml"
ANY_URL = "https://gateway.example"
WIDTH = 100

# Entities of the account of the simulated gateway.
ON_BY_DEFAULT = 18

NOT_LISTENING = "http://127.0.0.1:9"
WRONG_TOKEN = "0" * 32
API_KEY = "sk-" + "0" * 48
NEW_TOKEN = ACCESS_TOKEN.upper()


class _Dumper(yaml.SafeDumper):
    """Writes YAML as people do: lists indented, long texts folded, nothing by name."""

    @override
    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        super().increase_indent(flow, indentless=False)

    @override
    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_representer(
    str,
    lambda dumper, text: dumper.represent_scalar(
        "tag:yaml.org,2002:str", text, style=">" if len(text) > WIDTH else None
    ),
)


@dataclass(frozen=True, kw_only=True)
class Walk:
    """A person at a screen, an account at a gateway, and what they do."""

    screen: Screen
    instance: Instance
    gateway: GatewayServer
    forms: Forms

    async def log_in(self) -> None:
        """Go through the login form."""
        screen, text = self.screen, self.screen.texts.frontend
        await screen.open("/")
        login = "panel.page-authorize.form"
        data = f"{login}.providers.homeassistant.step.init.data"
        await screen.type(text(f"{data}.username"), "demo")
        await screen.type(text(f"{data}.password"), "demo")
        await screen.press(text(f"{login}.next"))
        await screen.page.wait_for_url(lambda url: "/auth/" not in url)
        await screen.page.locator("home-assistant-main").wait_for()

    async def open_form(self) -> None:
        """Find the integration among all others."""
        screen, text = self.screen, self.screen.texts.frontend
        integrations = "panel.config.integrations"
        await screen.open("/config/integrations/dashboard")
        await screen.press(text(f"{integrations}.add_integration"))
        search = screen.page.get_by_placeholder(text(f"{integrations}.search_brand"))
        # In this list a custom integration has the name of its manifest only.
        await search.press_sequentially(NAME)
        await screen.press(NAME)

    async def add_account(self) -> None:
        """Type until it is right."""
        await self.open_form()
        await self.forms.see_account("user")
        token = self.gateway.account.access_token
        for url, typed, error in (
            ("not an address", token, "invalid_url"),
            (NOT_LISTENING, token, "cannot_connect"),
            (self.gateway.url, WRONG_TOKEN, "invalid_auth"),
            (self.gateway.url, API_KEY, "api_key"),
        ):
            await self.forms.send_account("user", url, self._user_id, typed)
            await self.forms.see_error(error)
        await self._finish_form(self.gateway.account)

    async def _finish_form(self, account: ServerAccount) -> None:
        """Type everything as it is, and leave the device its name."""
        await self._send_account(account)
        finish = "panel.config.integrations.config_flow.finish_skip"
        await self.screen.press(self.screen.texts.frontend(finish))
        await self.screen.page.wait_for_url("**/config/devices/device/*")

    async def _send_account(self, account: ServerAccount) -> None:
        await self.forms.send_account(
            "user", self.gateway.url, str(account.id), account.access_token
        )

    async def _see_unit_form(self, account: ServerAccount) -> None:
        """Be asked what a gateway in trouble does not tell."""
        self.gateway.status_fault = answering(503, b"")
        await self.open_form()
        await self._send_account(account)
        await self.screen.see(self.screen.texts.ours("config.step.unit.description"))
        await self.forms.see_error("server_error", status="503")
        # Wait until it is forgotten: the same account may not be added twice at once.
        async with self.screen.page.expect_response("**/config_entries/flow/*"):
            await self.forms.close()
        self.gateway.status_fault = None

    async def look_at_device(self) -> None:
        """Read the account on the page of its device, until all of it is known."""
        await self.screen.see("Example Gateway", self.gateway.fork.status["version"])
        await self._see_balance()
        entities = await self.instance.entities(await self.entry_id())
        assert len(entities) == ON_BY_DEFAULT
        for key, entity_id in entities.items():
            platform = entity_id.partition(".")[0]
            await self.screen.see_entity(
                self.screen.texts.ours(f"entity.{platform}.{key}.name")
            )
        for kind, key, state in (
            ("sensor", "balance_level", "ok"),
            ("sensor", "status", "enabled"),
            ("sensor", "usage_records", "hourly"),
        ):
            name = self.screen.texts.ours(f"entity.{kind}.{key}.name")
            value = self.screen.texts.ours(f"entity.{kind}.{key}.state.{state}")
            await self.screen.see_entity(name, value)

    async def top_up(self) -> None:
        """Pay on the website, which two answers have to show."""
        top_up(self.gateway)
        entities = await self.instance.entities(await self.entry_id())
        for _ in range(60):
            await self.update()
            states = await self.instance.command("get_states")
            (event,) = (
                each for each in states if each["entity_id"] == entities["activity"]
            )
            if "past_events" in event["attributes"]:
                return
            await self.screen.page.wait_for_timeout(500)
        raise AssertionError("no top-up")

    async def create_dashboard(self) -> None:
        """Choose ours among the new dashboards."""
        screen, texts = self.screen, self.screen.texts
        page = "panel.config.lovelace.dashboards"
        await screen.open("/config/lovelace/dashboards")
        await screen.press(texts.frontend(f"{page}.picker.add_dashboard"))
        await screen.see(texts.frontend(f"{page}.dialog_new.heading.custom"))
        # The title stands in other places too.
        description = " · ".join(
            texts.ours(f"entity.sensor.{key}.name")
            for key in ("balance", "spent_today", "days_remaining", "request_count")
        )
        await screen.choose(description)
        await screen.press(texts.frontend(f"{page}.detail.create"))
        row = screen.page.locator("ha-data-table").get_by_text(texts.ours("title"))
        await expect(row).to_be_visible()
        await self.open_dashboard()
        await screen.see(texts.ours("entity.sensor.balance.name"))

    async def open_dashboard(self) -> None:
        """Go to the dashboard that was created."""
        title = self.screen.texts.ours("title")
        (path,) = (
            each["url_path"]
            for each in await self.instance.command("lovelace/dashboards/list")
            if each["title"] == title
        )
        await self.screen.open(f"/{path}")

    async def compare_with_twin(self) -> None:
        """Fail unless the YAML for those who edit is what the strategy makes."""
        if self.screen.texts.language == "en":
            made = await self.screen.page.evaluate(GENERATE)
            twin = yaml.safe_load(TWIN.read_text(encoding="utf-8"))
            assert _of_any_models(made) == _of_any_models(twin)

    async def write_twin(self) -> None:
        """Write the YAML for those who edit, below what is explained there."""
        if self.screen.texts.language == "en":
            made = await self.screen.page.evaluate(GENERATE)
            lines = TWIN.read_text(encoding="utf-8").splitlines(keepends=True)
            explained = [line for line in lines if line.startswith("#")]
            cards = yaml.dump(
                made, Dumper=_Dumper, width=WIDTH, sort_keys=False, allow_unicode=True
            )
            text = cards.replace(self.gateway.url, ANY_URL)
            TWIN.write_text("".join([*explained, text]), encoding="utf-8")

    async def change_options(self) -> None:
        """Type a wrong limit, then one that makes the balance a low one."""
        await self.open_alerts()
        await self.forms.send_alerts(low="20", critical="30")
        await self.forms.see_error("critical_not_below_low", flow="options")
        await self.forms.send_alerts(low="20", critical="1")
        text = self.screen.texts.frontend
        await self.screen.see(text("dialogs.options_flow.success.description"))
        await self.screen.press(text("panel.config.integrations.config_flow.finish"))
        await self.open_device()
        texts = self.screen.texts
        await self.screen.see_entity(
            texts.ours("entity.sensor.balance_level.name"),
            texts.ours("entity.sensor.balance_level.state.low"),
        )

    async def open_alerts(self) -> None:
        """Open the form of the alerts."""
        text = self.screen.texts
        await self.screen.open(ENTRY_PAGE)
        configure = text.frontend("panel.config.integrations.config_entry.configure")
        await self.screen.press(configure)
        await self.screen.choose(text.ours("options.step.init.menu_options.alerts"))
        await self.screen.see(text.ours("options.step.alerts.description"))

    async def lose_token(self) -> None:
        """See the last values while the gateway refuses, then a repair."""
        self.gateway.account.access_token = NEW_TOKEN
        await self.update()
        await self.open_device()
        await self._see_balance()
        await self.screen.open(REPAIRS_PAGE)
        await self.screen.see(
            self.screen.texts.frontend("panel.config.repairs.no_repairs")
        )
        await self._download_diagnostics()
        # The refusal is old enough by now to be taken for a real one.
        await self.update()
        await self.screen.open(ENTRY_PAGE)
        text = self.screen.texts.frontend
        page = "panel.config.integrations.integration_page"
        await self.screen.see(text(f"{page}.attention_entries"))
        # It says so, and leads there.
        await self.open_dashboard()
        refused = self.screen.texts.ours("selector.graph.options.token_refused")
        tile = self.screen.page.locator("hui-tile-card").filter(has_text=refused)
        await self.screen.click(tile)
        await self.screen.page.wait_for_url(f"**{ENTRY_PAGE}*")
        await self.screen.see(text(f"{page}.attention_entries"))

    async def _download_diagnostics(self) -> None:
        """Download the file and look for what it holds."""
        async with self.screen.page.expect_download() as download:
            await self._choose_in_menu("download_diagnostics")
        file = await (await download.value).path()
        content = file.read_text(encoding="utf-8")
        self.screen.watch.check_text(content, "the diagnostics")
        data = json.loads(content)["data"]
        assert data["account"]["quota"] == self.gateway.account.quota
        assert data["coordinator"]["last_error"] == "invalid_auth"

    async def renew_token(self) -> None:
        """Repair it with a wrong token, then with the new one."""
        self.gateway.account.quota = 5_000_000
        texts = self.screen.texts
        # A wrong one takes two more.
        with self.screen.task("renew a token", most=7):
            await self.screen.open(REPAIRS_PAGE)
            await self.screen.choose(await self._reauth_issue())
            step = "config.step.reauth_confirm"
            account, url = await self._title(), self.gateway.url
            await self.screen.see(
                texts.ours(f"{step}.title"),
                texts.ours(f"{step}.description", account=account, url=url),
            )
            await self.forms.send_token("reauth_confirm", WRONG_TOKEN)
            await self.forms.see_error("invalid_auth")
            await self.forms.send_token("reauth_confirm", NEW_TOKEN)
            await self.screen.see(texts.ours("config.abort.reauth_successful"))
            await self.forms.close()
        await self.screen.see(texts.frontend("panel.config.repairs.no_repairs"))
        await self.open_device()
        await self._see_balance()

    async def move(self) -> None:
        """Let the gateway move to another address, and follow it."""
        gateway = self.gateway
        old_address = GatewayServer()
        old_url, old_port = gateway.url, gateway.port
        await gateway.stop()
        await gateway.start()
        assert gateway.url != old_url
        old_address.fault = answering(301, b"", {"Location": gateway.url})
        await old_address.start(old_port)
        gateway.account.quota = 3_750_000
        await self.update()
        await self._repair_moved()
        await self.forms.see_account(
            "reconfigure", account=await self._title(), url=old_url
        )
        await self.forms.send_account("reconfigure", gateway.url, self._user_id, "")
        await self.forms.see_error("token_needed")
        await self.forms.send_account(
            "reconfigure", gateway.url, self._user_id, NEW_TOKEN
        )
        texts = self.screen.texts
        moved = "config.step.moved"
        await self.screen.see(texts.ours(f"{moved}.description"))
        await self.screen.choose(texts.ours(f"{moved}.menu_options.same_account"))
        await old_address.stop()
        await self.screen.see(texts.ours("config.abort.reconfigure_successful"))
        await self.forms.close()
        await self.screen.open(REPAIRS_PAGE)
        await self.screen.see(texts.frontend("panel.config.repairs.no_repairs"))
        await self.open_device()
        await self._see_balance()
        await expect(
            self.screen.page.locator(f'a[href^="{gateway.url}"]').first
        ).to_be_visible()

    async def _repair_moved(self) -> None:
        """Read why the account does not work, and go from there to the form."""
        screen, texts = self.screen, self.screen.texts
        target = self.gateway.url
        await screen.open(ENTRY_PAGE)
        await screen.see(texts.ours("exceptions.redirected.message", target=target))
        await screen.open(REPAIRS_PAGE)
        issue = "issues.redirected"
        await screen.choose(texts.ours(f"{issue}.title", account="Example Gateway"))
        step = f"{issue}.fix_flow.step.confirm"
        address = help_url("redirected", texts.language)
        explained = texts.ours(f"{step}.description", target=target, help_url=address)
        explanation, link = explained.split("\n\n")
        await screen.see(texts.ours(f"{step}.title"), explanation)
        name = link.removeprefix("[").removesuffix(f"]({address})")
        documentation = screen.page.get_by_role("link", name=name)
        await expect(documentation).to_have_attribute("href", address)
        await screen.submit()

    async def look_at_two_accounts(self) -> None:
        """Add the gateway's other account, and see both on the dashboard."""
        screen, texts = self.screen, self.screen.texts
        entities = await self.instance.entities(await self.entry_id())
        update = "config/entity_registry/update"
        await self.instance.command(
            update, entity_id=entities["spent_today"], new_entity_id="sensor.renamed"
        )
        await self.instance.command(
            update, entity_id=entities["spent_this_month"], disabled_by="user"
        )
        (second,) = self.gateway.more_accounts
        await self._see_unit_form(second)
        with self.screen.task("add an account", most=8):
            await self.open_form()
            await self._finish_form(second)
        await self.open_dashboard()
        for tab, account, graphs in (
            ("Example Gateway", self.gateway.account, 2),
            # Nothing is known of its past yet.
            ("Example Gateway (Second)", second, 0),
        ):
            await screen.page.get_by_role("tab", name=tab, exact=True).click()
            heading = screen.page.locator("hui-heading-card").first
            await expect(heading).to_contain_text(
                re.compile(rf"\b{re.escape(tab)}(?! \()")
            )
            await screen.see(f"{account.quota / 500_000:.2f}")
            month = texts.ours("entity.sensor.spent_this_month.name")
            tiles = screen.page.locator("hui-tile-card").filter(has_text=month)
            await expect(tiles).to_have_count(int(account is second))
            if account is not second:
                await self._see_renamed("sensor.renamed")
            await screen.see(texts.ours("entity.sensor.used_quota.name"))
            await expect(
                screen.page.locator("hui-statistics-graph-card")
            ).to_have_count(graphs)

    async def _see_renamed(self, entity_id: str) -> None:
        """See the sentence that is made of an entity, whatever it is called now."""
        state = await self.instance.command("get_states")
        (amount,) = (each["state"] for each in state if each["entity_id"] == entity_id)
        sentence = self.screen.page.locator("hui-markdown-card")
        await expect(sentence.first).to_contain_text(f"{float(amount):.2f}")

    async def remove(self) -> None:
        """Delete the accounts, and see the dashboard without one."""
        text = self.screen.texts.frontend
        for entry in await self._entries():
            await self._choose_in_menu("delete", entry["title"])
            confirm = "panel.config.integrations.config_entry.delete_confirm_title"
            await self.screen.see(text(confirm).format(title=entry["title"]))
            await self.screen.press(text("common.delete"))
            await expect(self.screen.page.get_by_text(entry["title"])).to_have_count(0)
            await self.screen.check()
        assert not await self._entries()
        await self.open_dashboard()
        await self.screen.see(self.screen.texts.ours("config.initiate_flow.user"))

    @property
    def balance(self) -> str:
        """What is left, as it stands on the screen between the signs of a currency."""
        return f"{self.gateway.account.quota / 500_000:.2f}"

    @property
    def _user_id(self) -> str:
        return str(self.gateway.account.id)

    async def entry_id(self) -> str:
        """Return the ID of the only entry."""
        (entry,) = await self._entries()
        return entry["entry_id"]

    async def _title(self) -> str:
        """Return what the only entry is called."""
        (entry,) = await self._entries()
        return entry["title"]

    async def _entries(self) -> list[dict[str, str]]:
        entries: list[dict[str, str]] = await self.instance.command(
            "config_entries/get", domain=DOMAIN
        )
        return entries

    async def update(self) -> None:
        """Ask the gateway of every account, and wait until it was asked.

        Home Assistant lets ten seconds pass before it asks once more.
        """
        before = self._polls
        await self.instance.update()
        for _ in range(COOLDOWN):
            if self._polls > before:
                break
            await self.screen.page.wait_for_timeout(1000)

    @property
    def _polls(self) -> int:
        return self.gateway.paths().count("/api/user/self")

    async def _reauth_issue(self) -> str:
        key = "issues.config_entry_reauth.title"
        return self.screen.texts.core(key, name=await self._title())

    async def _see_balance(self) -> None:
        name = self.screen.texts.ours("entity.sensor.balance.name")
        await self.screen.see_entity(name, self.balance)

    async def open_device(self) -> None:
        """Go to the page of the first account's device."""
        page = self.screen.page
        await self.screen.open(ENTRY_PAGE)
        name = page.get_by_text("Example Gateway", exact=True)
        await page.locator("ha-config-entry-device-row").filter(has=name).click()
        await self.screen.page.wait_for_url("**/config/devices/device/*")

    async def _choose_in_menu(self, key: str, title: str = "") -> None:
        text = self.screen.texts.frontend
        await self.screen.open(ENTRY_PAGE)
        row = self.screen.page.locator("ha-config-entry-row").filter(has_text=title)
        await row.get_by_role("button", name=text("common.menu")).first.click()
        entry = text(f"panel.config.integrations.config_entry.{key}")
        await self.screen.page.get_by_role("menuitem", name=entry, exact=True).click()


def _of_any_models(cards: Any) -> Any:
    """Return cards as they would be for other models, be they more or fewer."""
    if isinstance(cards, list):
        made = [_of_any_models(card) for card in cards]
        return [card for before, card in pairwise([None, *made]) if card != before]
    if not isinstance(cards, dict):
        return cards
    if f"{cards.get('entity')}".startswith(f"{DOMAIN}:"):
        cards = {**cards, "entity": DOMAIN, "name": "", "color": ""}
    if cards.get("type") == "gauge":
        colors = [each["color"] for each in cards["segments"]]
        cards = {**cards, "max": 0, "segments": colors}
    if "url_path" in cards:
        cards = {**cards, "url_path": ANY_URL}
    return {key: _of_any_models(value) for key, value in cards.items()}
