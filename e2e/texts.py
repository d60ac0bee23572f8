"""The texts that stand on the screen, from the files they come from."""

from collections.abc import Iterator
from importlib.resources import files
import json
from pathlib import Path
from typing import Any

from demo.instance import DOMAIN

from . import ROOT


class Texts:
    """Texts of the integration, of Home Assistant and of its frontend."""

    def __init__(self, language: str) -> None:
        """Read them in a language, such as `en` or `zh-Hans`."""
        self.language = language
        home_assistant = Path(str(files("homeassistant"))) / "components/homeassistant"
        self._integration = _read(
            ROOT / "custom_components" / DOMAIN / f"translations/{language}.json"
        )
        self._home_assistant = _read(home_assistant / f"translations/{language}.json")
        self._frontend: dict[str, str] = {}
        for folder in ("", "config", "lovelace", "page-authorize"):
            (file,) = [
                each
                for each in Path(
                    str(files("hass_frontend") / "static/translations" / folder)
                ).glob(f"{language}-*.json")
                # Not en-GB beside en: what follows the language is a hash.
                if len(each.stem) == len(language) + 33
            ]
            self._frontend |= _read(file)

    def ours(self, key: str, **placeholders: str) -> str:
        """Return a text of the integration, such as `config.error.api_key`."""
        return self._integration[key].format(**placeholders)

    def core(self, key: str, **placeholders: str) -> str:
        """Return a text of the component `homeassistant`."""
        return self._home_assistant[key].format(**placeholders)

    def frontend(self, key: str) -> str:
        """Return a text of the frontend, by its key without `ui.`."""
        return self._frontend[f"ui.{key}"]


def _read(file: Path) -> dict[str, str]:
    return dict(_flat(json.loads(file.read_text(encoding="utf-8"))))


def _flat(texts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, value in texts.items():
        if isinstance(value, str):
            yield key, value
        else:
            yield from ((f"{key}.{inner}", text) for inner, text in _flat(value))
