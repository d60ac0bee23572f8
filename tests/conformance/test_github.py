"""The files for GitHub: the forms for issues, and the workflows."""

import os
import re
from typing import Any

import pytest
import yaml

from tests import ROOT

from . import REPOSITORY, read

WORKFLOWS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / ".github" / "workflows").iterdir()
)
RUN = read(".ci/run")
FORMS = ["bug", "gateway"]
ELEMENTS = {"checkboxes", "dropdown", "input", "markdown", "textarea"}

# These two bring the newest rules, and that is what they are for.
MOVING = {"home-assistant/actions/hassfest@master", "hacs/action@main"}


def jobs(name: str) -> dict[str, dict[str, Any]]:
    """Return the jobs of a workflow."""
    content: dict[str, dict[str, Any]] = yaml.safe_load(read(name))["jobs"]
    return content


def commands(name: str) -> set[str]:
    """Return the commands of this repository that a workflow runs."""
    return {
        words.split(" --deselect")[0].strip()
        for words in re.findall(
            r"^\s+- (?:run: )?((?:scripts|\.ci)/.*)$", read(name), re.MULTILINE
        )
    }


def test_workflows() -> None:
    assert [name.rpartition("/")[2] for name in WORKFLOWS] == [
        "ci.yml",
        "nightly.yml",
        "release.yml",
        "validate.yml",
    ]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflow_may_do_no_more_than_it_has_to(name: str) -> None:
    """Reading is enough for all but the one that makes the release."""
    workflow = yaml.safe_load(read(name))
    assert workflow["permissions"] in ({}, {"contents": "read"})
    assert "group" in workflow["concurrency"]
    # YAML takes the word "on" for true.
    assert "pull_request_target" not in workflow[True]
    writing = {
        key: job["permissions"]
        for key, job in jobs(name).items()
        if "write" in job.get("permissions", {}).values()
    }
    assert writing == (
        {"publish": {"actions": "read", "contents": "write"}}
        if name.endswith("release.yml")
        else {}
    )


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflow_runs_only_what_is_known(name: str) -> None:
    """Actions by their hash, beside the version it is, and nothing for ever."""
    for line in re.findall(r"uses: (.*)", read(name)):
        assert line in MOVING or re.fullmatch(
            r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line
        )
    for job in jobs(name).values():
        assert job["timeout-minutes"] <= 120
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                assert step["with"] == {"persist-credentials": False}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflow_runs_what_there_is(name: str) -> None:
    for command in commands(name):
        path = ROOT / command.split()[0]
        assert os.access(path, os.X_OK), command


def test_every_part_has_a_job_of_its_own() -> None:
    """What runs before a change lands also tells by itself whether it passes."""
    parts = set(
        re.findall(
            r"^scripts/[a-z0-9]+(?: --oldest| --check| --quick)?", RUN, re.MULTILINE
        )
    )
    assert parts - {"scripts/setup"} <= commands(".github/workflows/ci.yml")
    assert ".ci/run" in commands(".github/workflows/ci.yml")
    assert ".ci/run" in commands(".github/workflows/release.yml")


@pytest.mark.parametrize("name", FORMS)
def test_form(name: str) -> None:
    """Only what GitHub takes; each field with a label, and an ID of its own."""
    form = yaml.safe_load(read(f".github/ISSUE_TEMPLATE/{name}.yml"))
    assert set(form) == {"name", "description", "labels", "body"}
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert {field["type"] for field in form["body"]} <= ELEMENTS
    assert len({field["id"] for field in fields}) == len(fields)
    for field in fields:
        assert set(field) <= {"type", "id", "attributes", "validations"}
        assert field["attributes"]["label"]
    # Before anybody pastes anything.
    assert "Never paste it here" in form["body"][0]["attributes"]["value"]


def required(name: str) -> set[str]:
    """Return the fields of a form that have to be filled."""
    form = yaml.safe_load(read(f".github/ISSUE_TEMPLATE/{name}.yml"))
    return {
        field["id"]
        for field in form["body"]
        if field.get("validations", {}).get("required")
    }


def test_forms_ask_for_what_is_needed() -> None:
    assert required("bug") >= {"integration", "home_assistant", "diagnostics"}
    assert required("gateway") >= {"status", "answer"}


def test_security_problems_are_reported_in_private() -> None:
    config = yaml.safe_load(read(".github/ISSUE_TEMPLATE/config.yml"))
    private = f"{REPOSITORY}/security/advisories/new"
    assert config["blank_issues_enabled"] is False
    assert private in {link["url"] for link in config["contact_links"]}
    assert private in read("SECURITY.md")
