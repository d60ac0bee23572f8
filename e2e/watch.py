"""What must not happen, whatever a person does."""

from collections.abc import Iterable
import re

from playwright.async_api import ConsoleMessage, Page

from demo.instance import DOMAIN

# What a person can read on the page, in the shadow roots too; what is typed in a
# field for passwords stands there as dots.
VISIBLE_TEXT = """() => {
  const texts = [document.title];
  const read = (node) => {
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) texts.push(child.textContent);
      if (child.nodeType !== Node.ELEMENT_NODE) continue;
      for (const name of ["aria-label", "title", "href", "placeholder"]) {
        texts.push(child.getAttribute(name) ?? "");
      }
      if (child.tagName === "INPUT" && child.type !== "password") {
        texts.push(child.value);
      }
      if (child.shadowRoot) read(child.shadowRoot);
      if (!["STYLE", "SCRIPT"].includes(child.tagName)) read(child);
    }
  };
  read(document.body);
  return texts.join("\\n");
}"""

_RECORD = re.compile(r"^\S+ \S+ (WARNING|ERROR|CRITICAL) .*", re.MULTILINE)

# Home Assistant says it of every custom integration.
_NOT_TESTED = "We found a custom integration"


class Watch:
    """Looks for secrets on pages and in the log, and for errors of our files."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Remember the texts that must stand nowhere."""
        self._secrets = sorted(secrets)
        self._errors: list[str] = []

    def follow(self, page: Page) -> None:
        """Hear what the page reports of itself from now on."""
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self._note(f"{error.stack}"))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"{message.text} {message.location['url']}")

    def _note(self, error: str) -> None:
        # Others report too, such as missing pictures of other integrations.
        if DOMAIN in error:
            self._errors.append(error)

    async def check_page(self, page: Page) -> None:
        """Fail if a secret can be read on the page, or one of our files failed."""
        self.check_text(await page.evaluate(VISIBLE_TEXT), page.url)
        assert not self._errors, self._errors

    def check_text(self, text: str, place: str) -> None:
        """Fail if a secret stands in the text."""
        # Only their places: the secrets are what nobody should see.
        found = [i for i, secret in enumerate(self._secrets) if secret in text]
        assert not found, f"secrets {found} at {place}"

    def check_log(self, log: str, expected: list[str]) -> None:
        """Fail if we logged other warnings and errors than the expected ones.

        Each expected text ends one record.
        """
        self.check_text(log, "the log")
        records = [
            match[0]
            for match in _RECORD.finditer(log)
            if DOMAIN in match[0] and _NOT_TESTED not in match[0]
        ]
        assert len(records) == len(expected), records
        for record, text in zip(records, expected, strict=True):
            assert record.endswith(text), record
        assert f"custom_components/{DOMAIN}/" not in log, "a traceback in the log"
