"""What GitHub runs and asks for: no more rights than needed, and only what there is."""

import os
import re
from typing import Any

import pytest
import yaml

from tests import ROOT

from . import read

WORKFLOWS = sorted(
    path.relative_to(ROOT).as_posix()
    for path in (ROOT / ".github" / "workflows").iterdir()
)
FORMS = ["bug", "gateway"]
ELEMENTS = {"checkboxes", "dropdown", "input", "markdown", "textarea"}

# What writes more than nothing: the release, the site, and what is found in the code.
WRITING = {
    (".github/workflows/codeql.yml", "analyze"): {"security-events"},
    (".github/workflows/docs.yml", "publish"): {"pages", "id-token"},
    (".github/workflows/release.yml", "publish"): {
        "attestations",
        "contents",
        "id-token",
    },
    (".github/workflows/scorecard.yml", "analyze"): {"security-events", "id-token"},
}

# These two bring the newest rules, and that is what they are for.
MOVING = {"home-assistant/actions/hassfest@master", "hacs/action@main"}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflow_may_do_no_more_than_it_has_to(name: str) -> None:
    """Reading is enough for all but the jobs above, and they say what they write."""
    workflow = yaml.safe_load(read(name))
    assert workflow["permissions"] in ({}, {"contents": "read"})
    # YAML takes the word "on" for true.
    assert "pull_request_target" not in workflow[True]
    jobs: dict[str, dict[str, Any]] = workflow["jobs"]
    for key, job in jobs.items():
        assert job["timeout-minutes"] <= 120
        permissions = job.get("permissions", {})
        written = {each for each in permissions if permissions[each] == "write"}
        assert written == WRITING.get((name, key), set())
        for step in job["steps"]:
            if "checkout" in step.get("uses", ""):
                assert step["with"] == {"persist-credentials": False}


@pytest.mark.parametrize("name", WORKFLOWS)
def test_workflow_runs_what_is_known_and_there(name: str) -> None:
    """Actions by their hash, beside the version it is."""
    for action in re.findall(r"uses: (.*)", read(name)):
        assert action in MOVING or re.fullmatch(
            r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action
        )
    for command in re.findall(
        r"^\s+- (?:run: )?((?:scripts|\.ci)/\S+)", read(name), re.MULTILINE
    ):
        assert os.access(ROOT / command, os.X_OK), command


def test_release_is_signed_by_a_job_that_runs_nothing_of_ours() -> None:
    """What can sign runs no test and no package; it checks what it gets, and signs it.

    All that is published is signed, and all that `scripts/package` makes is published.
    """
    jobs = yaml.safe_load(read(".github/workflows/release.yml"))["jobs"]
    steps = jobs["publish"]["steps"]
    commands = [step.get("run", step.get("uses")).partition("@")[0] for step in steps]
    assert [command.partition(" ")[0] for command in commands] == [
        "gh",
        "sha256sum",
        "actions/attest",
        "actions/attest",
        "gh",
    ]
    of_all, of_zip = (step["with"] for step in steps if "with" in step)
    assert of_all == {"subject-checksums": "SHA256SUMS"}
    made = {"llm_gateway_account.zip", "llm_gateway_account.cdx.json"}
    assert set(of_zip.values()) == made
    published = set(re.findall(r"[\w.]+\.(?:zip|json)|SHA256SUMS", commands[-1]))
    assert published == {*made, "SHA256SUMS"}


@pytest.mark.parametrize("name", FORMS)
def test_form_is_one_that_github_takes(name: str) -> None:
    form = yaml.safe_load(read(f".github/ISSUE_TEMPLATE/{name}.yml"))
    assert set(form) == {"name", "description", "labels", "body"}
    assert {field["type"] for field in form["body"]} <= ELEMENTS
    fields = [field for field in form["body"] if field["type"] != "markdown"]
    assert len({field["id"] for field in fields}) == len(fields)
    for field in fields:
        assert set(field) <= {"type", "id", "attributes", "validations"}
        assert field["attributes"]["label"]
    # Before anybody pastes a token.
    assert "Never paste it here" in form["body"][0]["attributes"]["value"]
