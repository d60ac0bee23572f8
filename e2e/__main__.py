"""`python -m e2e`: what `scripts/e2e` runs."""

import argparse
import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from homeassistant.const import __version__

from . import ROOT
from .browser import Look, run_chromium
from .scenes import WORDS, look_at
from .shown import RECORD, shown
from .tour import Tour


def desktop(language: str) -> Look:
    """Return a large screen by day."""
    return Look(language=language, width=1280, height=1000, scheme="light")


def phone(language: str) -> Look:
    """Return a small screen by night."""
    return Look(language=language, width=390, height=844, scheme="dark")


def parse_arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(
        prog="scripts/e2e",
        description=(
            "Walks through the user interface of a real Home Assistant in a real"
            " browser: in English and Chinese, on a desktop and a phone, by day and"
            " by night. Fails if anything is not as it should be."
        ),
    )
    parser.add_argument(
        "--pictures",
        action="store_true",
        help="write the pictures and the cards of the documents anew",
    )
    parser.add_argument(
        "--short",
        action="store_true",
        help="only what would be missed most: English, on a desktop",
    )
    parser.add_argument(
        "--oldest",
        action="store_true",
        help="in the oldest supported Home Assistant: dashboard and triggers",
    )
    return parser.parse_args()


async def walk_shortly(pictures: Path) -> None:
    """Go the short way through one tour."""
    async with run_chromium() as browser:
        print(f"Home Assistant {__version__}, Chromium {browser.version}", flush=True)
        tour = Tour(look=desktop("en"), other_look=phone("en"), pictures=pictures)
        await tour.go(browser, "short")


async def walk_in_oldest(pictures: Path) -> None:
    """See that what came lately to Home Assistant is there already."""
    async with run_chromium() as browser:
        print(f"Home Assistant {__version__}, Chromium {browser.version}", flush=True)
        for look in (desktop("en"), phone("zh-Hans")):
            tour = Tour(look=look, other_look=look, pictures=pictures)
            await tour.go(browser, "oldest")


async def main(pictures: Path, *, renews: bool) -> None:
    """Go on both tours at once: each waits for a refusal to be confirmed."""
    async with run_chromium() as browser, asyncio.TaskGroup() as tours:
        print(f"Home Assistant {__version__}, Chromium {browser.version}", flush=True)
        for look, other_look in (
            (desktop("en"), phone("en")),
            (phone("zh-Hans"), desktop("zh-Hans")),
        ):
            tour = Tour(
                look=look, other_look=other_look, pictures=pictures, renews=renews
            )
            tours.create_task(tour.go(browser))
    async with run_chromium() as browser:
        for scene in WORDS:
            looks = [desktop("en"), phone("en"), desktop("zh-Hans"), phone("zh-Hans")]
            await look_at(browser, scene, looks, pictures)


if __name__ == "__main__":
    arguments = parse_arguments()
    with TemporaryDirectory(prefix="e2e_pictures_") as folder:
        chosen = ROOT / "docs" / "images" if arguments.pictures else Path(folder)
        if arguments.oldest:
            walk = walk_in_oldest(chosen)
        elif arguments.short:
            walk = walk_shortly(chosen)
        else:
            walk = main(chosen, renews=arguments.pictures)
        asyncio.run(walk)
    if arguments.pictures:
        RECORD.write_text(shown(), encoding="utf-8")
