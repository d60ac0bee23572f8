"""The pages of the documentation, against what the code has and people see."""

from collections.abc import Iterator
from copy import replace
from datetime import UTC, datetime, timedelta
import re
from typing import Any

import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
import yaml

from custom_components.llm_gateway_account.budgeting import Budgets
from custom_components.llm_gateway_account.check_in import checked_in
from custom_components.llm_gateway_account.condition import (
    CONDITIONS,
    async_get_conditions,
)
from custom_components.llm_gateway_account.const import CONF_BUDGET_PER_MONTH, DOMAIN
from custom_components.llm_gateway_account.events import (
    EVENT_TYPES,
    AccountEvent,
    changes_of,
    from_spending,
)
from custom_components.llm_gateway_account.gateway import Account, ApiKey, Plan
from custom_components.llm_gateway_account.groups import price_changed
from custom_components.llm_gateway_account.key_events import changes_of_keys, new_keys
from custom_components.llm_gateway_account.key_options import KeyOptions
from custom_components.llm_gateway_account.key_sensor import KEY_AMOUNTS, KEY_SENSORS
from custom_components.llm_gateway_account.plan_events import changes_of_plans
from custom_components.llm_gateway_account.repairs import help_url
from custom_components.llm_gateway_account.spending import Event, EventType
from custom_components.llm_gateway_account.spending.local_time import DAY
from custom_components.llm_gateway_account.storage import StoredState
from custom_components.llm_gateway_account.stored_keys import StoredKeys
from custom_components.llm_gateway_account.stored_plans import StoredPlans
from custom_components.llm_gateway_account.trigger import TRIGGERS
from custom_components.llm_gateway_account.unit import Unit
from homeassistant.core import HomeAssistant
from tests.conftest import OPTIONS
from tests.helpers import DOCUMENTED, device_of, document, get_account

from . import DESCRIPTIONS, load, read

pytestmark = pytest.mark.parametrize("language", list(DOCUMENTED))

type Rows = list[list[str]]


def tables(text: str) -> list[Rows]:
    """Return the tables of a page, as rows of cells, without their heads."""
    found = re.findall(r"^\|(?: --- \|)+\n((?:\|.*\|\n)+)", text, re.MULTILINE)
    return [
        [
            [cell.strip() for cell in line.strip("|").split("|")]
            for line in each.splitlines()
        ]
        for each in found
    ]


def sections(text: str) -> dict[str, tuple[str, str]]:
    """Return heading and text of each section that names its anchor."""
    parts = re.split(r"^#+ (.*) { #(\w+) }$", text, flags=re.MULTILINE)[1:]
    return {
        anchor: (heading, content)
        for heading, anchor, content in zip(
            parts[::3], parts[1::3], parts[2::3], strict=True
        )
    }


def names(cell: str) -> list[str]:
    """Return the entities or options of one row, without the section they are in."""
    return re.split(", |、", re.sub(r"^\*.*?\*\s*", "", cell))


def codes(cell: str) -> list[str]:
    """Return what a cell names in the words of the code."""
    return re.findall(r"`(\w+)`", cell)


def texts(language: str) -> Any:
    """Return what people see."""
    return load(f"custom_components/{DOMAIN}/translations/{language}.json")


def shown(text: str) -> str:
    """Return a text as the pages have it."""
    return re.sub(r"{\w+}", "…", text)


@pytest.mark.parametrize(
    ("page", "is_of_key"), [("docs/entities", False), ("docs/keys", True)]
)
def test_entities(language: str, page: str, is_of_key: bool) -> None:
    """Those of an account, and those of an API key."""
    entities, attributes, *_ = tables(document(page, language))
    known = {
        entity["name"]
        for platform in texts(language)["entity"].values()
        for key, entity in platform.items()
        if key.startswith("key_") is is_of_key
    }
    documented = {name: row for row in entities for name in names(row[0])}
    assert sorted(documented) == sorted(known)
    assert len(documented) == sum(len(names(row[0])) for row in entities)
    keys = {"sensor": (*KEY_AMOUNTS, *KEY_SENSORS)}
    start = "key_" if is_of_key else ""
    for platform, descriptions in (keys if is_of_key else DESCRIPTIONS).items():
        for each in descriptions:
            name = texts(language)["entity"][platform][f"{start}{each.key}"]["name"]
            is_on = bool(documented[name][3])
            assert is_on is each.entity_registry_enabled_default, name
    assert {name for row in attributes for name in names(row[0])} <= known


def test_fields_and_options(language: str) -> None:
    """By the names people see."""
    steps = [
        step
        for flow in ("config", "options")
        for step in texts(language)[flow]["step"].values()
    ]
    labels = {
        label
        for step in steps
        for form in (step, *step.get("sections", {}).values())
        for label in form.get("data", {}).values()
    }
    documented = [
        name
        for table in tables(document("docs/setup", language))
        for row in table
        for name in names(row[0])
    ]
    assert sorted(documented) == sorted(labels)


def test_events(language: str) -> None:
    page = document("docs/alerts", language)
    (rows,) = tables(page)
    assert [codes(row[0]) for row in rows] == [[each] for each in EVENT_TYPES]
    spent = (
        from_spending(
            Event(type=each, amount=amount, usual=usual, alerts=alerts),
            Unit(currency="USD", points_per_unit=500_000),
            "model",
        )
        for each, amount, usual, alerts in (
            (EventType.BALANCE_RECOVERED, None, None, ()),
            (EventType.TOPPED_UP, 1, None, None),
            (EventType.UNUSUAL_SPENDING, 1, 1, None),
        )
    )
    now = datetime.now(UTC)
    before = StoredState(group="a", last_login_at=datetime(2026, 1, 1, tzinfo=UTC))
    changed = changes_of(before, Account(quota=0, group="b", last_login_at=now))
    others = (
        price_changed("a", 1, 2),
        checked_in(1, Unit(currency="USD", points_per_unit=500_000)),
    )
    events = (
        *spent,
        *events_of_budgets(),
        *changed,
        *others,
        *events_of_keys(),
        *events_of_plans(),
    )
    details = {each.type: set(each.attributes) for each in events}
    assert {row[0]: set(codes(row[2])) for row in rows if codes(row[2])} == {
        f"[`{key}`](#{key})": details[key] for key in details
    }
    triggers = texts(language)["device_automation"]["trigger_type"]
    assert [(key, heading) for key, (heading, _) in sections(page).items()] == [
        (each, triggers[each]) for each in EVENT_TYPES
    ]


def events_of_budgets() -> Iterator[AccountEvent]:
    """Yield whatever can happen to a budget."""
    stored = StoredState()
    known, now = stored.ledger.state, datetime(2026, 11, 20, tzinfo=UTC)
    first = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())
    budgets = Budgets({**OPTIONS, CONF_BUDGET_PER_MONTH: 100})
    # So many units on each of nineteen days.
    for daily in (3, 4, 5, 8):
        times = range(first - 1, first + 19 * DAY, DAY)
        known.spent = daily * 19 * 500_000
        known.samples.times = [*times]
        known.samples.values = [daily * 500_000 * number for number in range(20)]
        budgets.forget_habit()
        yield from budgets.changes(stored, budgets.figures(stored, now, {}))


def events_of_keys() -> Iterator[AccountEvent]:
    """Yield whatever can happen to keys."""
    now = datetime.now(UTC)
    unit = Unit(currency="USD", points_per_unit=500_000)
    options = replace(KeyOptions.from_options(OPTIONS), limit=10)
    stored = StoredKeys(newest_id=0)
    full = ApiKey(id=1, name="a", remaining_quota=100)
    for key in (
        full,
        replace(full, remaining_quota=5),
        replace(full, remaining_quota=0),
        replace(full, status=2),
        replace(full, expires_at=now),
    ):
        yield from new_keys(stored, {1: key}, {1: "a"})
        yield from changes_of_keys(stored, {1: key}, {1: "a"}, options, unit, now)


def events_of_plans() -> Iterator[AccountEvent]:
    """Yield whatever can happen to plans."""
    now = datetime.now(UTC)
    unit = Unit(currency="USD", points_per_unit=500_000)
    stored = StoredPlans()
    full = Plan(id=1, total=100, used=0, last_reset_at=now - timedelta(days=1))
    for plan in (
        full,
        replace(full, used=90),
        replace(full, used=100),
        replace(full, last_reset_at=now, ends_at=now),
    ):
        yield from changes_of_plans(stored, [plan], {1: "a"}, unit, now)


def test_conditions(language: str) -> None:
    known = texts(language)["device_automation"]["condition_type"]
    listed = re.findall(r"^- (.*)$", document("docs/alerts", language), re.MULTILINE)
    assert [each for each in listed if each in known.values()] == [
        known[each] for each in CONDITIONS
    ]


async def test_triggers_and_conditions(hass: HomeAssistant, language: str) -> None:
    """Those of the integration have a section each, which tells of their limit."""
    documented = sections(document("docs/triggers", language))
    conditions = await async_get_conditions(hass)
    kinds = {"triggers": list(TRIGGERS), "conditions": list(conditions)}
    known = {
        key: texts(language)[kind][key] for kind, keys in kinds.items() for key in keys
    }
    assert {key: heading for key, (heading, _) in documented.items()} == {
        key: each["name"] for key, each in known.items()
    }
    for key, (_, text) in documented.items():
        content, _, _ = text.partition("\n## ")
        assert f"`{DOMAIN}.{key}`" in content
        assert ("`limit`" in content) is ("limit" in known[key].get("fields", {})), key


async def test_actions(
    hass: HomeAssistant, loaded_entry: MockConfigEntry, language: str
) -> None:
    """Their fields with what they are by default, and what one of them answers."""
    services = yaml.safe_load(read(f"custom_components/{DOMAIN}/services.yaml"))
    documented = sections(document("docs/actions", language))
    assert list(documented) == list(services)
    for action, (heading, content) in documented.items():
        assert heading == texts(language)["services"][action]["name"]
        assert f"`{DOMAIN}.{action}`" in content
        fields = services[action]["fields"]
        rows = tables(content)[0]
        assert [codes(row[0]) for row in rows] == [[each] for each in fields]
        for row, field in zip(rows, fields.values(), strict=True):
            default = {str(field[key]).lower() for key in ("default",) if key in field}
            assert set(codes(row[1])) == default
            for option in field["selector"].get("select", {}).get("options", ()):
                assert option in codes(row[2])
    _, answer = tables(documented["get_account"][1])
    assert {code for row in answer for code in codes(row[0])} == set(
        await get_account(hass, device_of(hass, loaded_entry))
    )


def test_messages(language: str) -> None:
    """Every message, by its first words; every repair, by the key it may link to."""
    page = document("docs/messages", language)
    known = texts(language)
    forms, elsewhere = tables(page)
    for rows, messages in (
        (
            forms,
            [*known["config"]["error"].values(), *known["options"]["error"].values()],
        ),
        (elsewhere, [each["message"] for each in known["exceptions"].values()]),
    ):
        firsts = [row[0] for row in rows]
        for first in firsts:
            assert any(shown(text).startswith(first) for text in messages), first
        for text in messages:
            assert any(shown(text).startswith(first) for first in firsts), text
    repairs = {
        key: heading for key, (heading, _) in sections(page).items() if key != "repairs"
    }
    assert repairs == {
        key: shown(issue["title"]) for key, issue in known["issues"].items()
    }


def test_repairs_lead_to_their_section(language: str) -> None:
    """By a link in the text; where there is none, by *Learn more*."""
    (site,) = re.findall("^site_url: (.*)$", read("mkdocs.yml"), re.MULTILINE)
    pages = site if language == "en" else f"{site}zh-CN/"
    for key, issue in texts(language)["issues"].items():
        assert help_url(key, language) == f"{pages}messages/#{key}"
        form = issue["fix_flow"]["step"]["confirm"] if "fix_flow" in issue else issue
        has_link = "]({help_url})" in form["description"]
        assert has_link is (key != "account_disabled")
