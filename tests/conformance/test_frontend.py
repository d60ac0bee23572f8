"""The modules of the dashboard, each of which has its tests: `scripts/frontend`."""

from pathlib import Path

import pytest

from tests import PACKAGE, ROOT

TESTS = ROOT / "tests" / "frontend"
MODULES = sorted((PACKAGE / "frontend").glob("*.js"))


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.stem)
def test_each_module_has_its_tests(module: Path) -> None:
    tests = TESTS / f"{module.stem}.test.js"
    assert f"/frontend/{module.name}" in tests.read_text(encoding="utf-8")


def test_no_tests_outlive_their_module() -> None:
    tested = {each.name.removesuffix(".test.js") for each in TESTS.glob("*.test.js")}
    assert tested == {each.stem for each in MODULES}
