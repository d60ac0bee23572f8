"""`python -m benchmarks`: what `scripts/benchmark` runs."""

import argparse
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
import json
import os
from pathlib import Path
import platform
import subprocess
import sys
from tempfile import TemporaryDirectory
from typing import Any

from homeassistant.const import __version__ as home_assistant_version

from .bounds import far_off
from .report import PAGE, as_markdown, with_tables

ROOT = Path(__file__).parent.parent
DOCUMENTED = ROOT / "docs" / "performance.json"
RESULT = ROOT / "dist" / "benchmark.json"

SIZES = [
    (1, 1),
    (10, 1),
    (100, 1),
    (1000, 1),
    (10, 10),
    (100, 10),
    (1000, 10),
    (100, 100),
    (1000, 100),
]


def parse_arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/benchmark",
        description=(
            "Measures what the integration costs, against what people would use"
            " instead, in about five minutes. Prints tables, and writes all figures as"
            " JSON. Fails if one is far off the documented one."
        ),
    )
    parser.add_argument(
        "--json",
        type=Path,
        default=RESULT,
        metavar="FILE",
        help="where the figures go; default: dist/benchmark.json",
    )
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument(
        "--quick",
        action="store_true",
        help="measure only the most important, in less than a minute",
    )
    kind.add_argument(
        "--documents",
        action="store_true",
        help="also write the figures to docs/performance.md and docs/performance.json",
    )
    return parser.parse_args()


def figures_of(
    module: str, *arguments: object, environment: dict[str, str] | None = None
) -> Any:
    """Return what a measurement tells that runs in a process of its own."""
    print(f"  {module} {' '.join(map(str, arguments))}", file=sys.stderr, flush=True)
    command = [sys.executable, "-m", f"benchmarks.{module}", *map(str, arguments)]
    process = subprocess.run(  # noqa: S603
        command, cwd=ROOT, env=environment, capture_output=True, check=False
    )
    if process.returncode:
        sys.exit(process.stderr.decode())
    return json.loads(process.stdout)


def figures_of_starts(times: int) -> dict[str, list[Any]]:
    """Return what starts tell, each with the bytecode that one before it left."""
    runs: dict[str, list[Any]] = {"ours": [], "rest": []}
    with TemporaryDirectory(prefix="llm_gateway_account_") as folder:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for _ in range(times + 1):
            for name, figures in runs.items():
                figures.append(figures_of("start", name, environment=environment))
    return {name: figures[1:] for name, figures in runs.items()}


def figures_of_tests(module: str, *options: str) -> list[Any]:
    """Return what a measurement tells that needs the Home Assistant of the tests."""
    print(f"  {module}", file=sys.stderr, flush=True)
    with TemporaryDirectory(prefix="llm_gateway_account_") as folder:
        figures = Path(folder, "figures")
        command = [
            *(sys.executable, "-m", "pytest", "--quiet", "--no-header"),
            f"benchmarks/{module}.py",
            *options,
        ]
        process = subprocess.run(  # noqa: S603
            command,
            cwd=ROOT,
            env={**os.environ, "FIGURES": str(figures)},
            stdout=subprocess.PIPE,
            check=False,
        )
        if process.returncode:
            sys.exit(process.stdout.decode())
        return [json.loads(line) for line in figures.read_text().splitlines()]


def measure(*, quick: bool) -> dict[str, Any]:
    """Return all figures."""
    times = 2 if quick else 7
    figures = {
        "home_assistant": home_assistant_version,
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
        "polls": [figures_of("polls") for _ in range(times)],
        "start": figures_of_starts(times),
    }
    # What is counted may run beside something else, what is timed may not.
    with ThreadPoolExecutor() as pool:
        limited = pool.submit(
            figures_of_tests, "limited", *(["-k", "start"] if quick else [])
        )
        figures["recording"] = figures_of_tests("recording")
        figures["limited"] = limited.result()
    if not quick:
        figures["scale"] = [figures_of("scale", *size) for size in SIZES]
        figures["bare"] = figures_of("scale", 100, 0)
        figures["fairness"] = figures_of("fairness")
        figures["wire"] = figures_of("wire")
        figures["usage"] = figures_of_tests("usage")
        figures["keys"] = figures_of_tests("keys")
    return figures


def main(arguments: argparse.Namespace) -> None:
    """Measure, tell and compare."""
    figures = measure(quick=arguments.quick)
    arguments.json.parent.mkdir(parents=True, exist_ok=True)
    arguments.json.write_text(f"{json.dumps(figures, indent=2)}\n", encoding="utf-8")
    print(as_markdown(figures))
    if arguments.documents:
        DOCUMENTED.write_text(arguments.json.read_text(encoding="utf-8"))
        PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8"), figures))
    if not arguments.documents:
        documented = json.loads(DOCUMENTED.read_text(encoding="utf-8"))
        if problems := far_off(figures, documented):
            sys.exit("\n".join(problems))


if __name__ == "__main__":
    main(parse_arguments())
