"""The forms of the integration, filled in by hand."""

from dataclasses import dataclass

from .screen import Screen


@dataclass(frozen=True)
class Forms:
    """What a person types into them, and what they answer."""

    screen: Screen

    async def see_account(self, step: str, **placeholders: str) -> None:
        """Fail unless the form of an account stands there with all its texts."""
        texts = self.screen.texts
        await self.screen.see(
            texts.ours(f"config.step.{step}.title"),
            texts.ours(f"config.step.{step}.description", **placeholders),
            texts.ours(f"config.step.{step}.data_description.access_token"),
            texts.ours(f"config.step.{step}.sections.advanced.name"),
        )

    async def send_account(
        self, step: str, url: str, user_id: str, access_token: str
    ) -> None:
        """Fill in everything and send it."""
        for key, value in (("url", url), ("user_id", user_id)):
            await self._type(f"config.step.{step}.data.{key}", value)
        await self.send_token(step, access_token)

    async def send_token(self, step: str, access_token: str) -> None:
        """Type a token, which nobody can read, and send the form."""
        await self._type(f"config.step.{step}.data.access_token", access_token)
        await self.screen.check()
        await self.screen.submit()

    async def send_alerts(self, *, low: str, critical: str) -> None:
        """Fill in both limits and send them."""
        step = "options.step.alerts.data"
        await self._type(f"{step}.low_balance", low)
        await self._type(f"{step}.critical_balance", critical)
        await self.screen.submit()

    async def see_error(
        self, error: str, *, flow: str = "config", **placeholders: str
    ) -> None:
        """Fail unless the form shows this error, and no other."""
        placeholders |= {"example_url": "https://api.iqqz.com"}
        text = self.screen.texts.ours(f"{flow}.error.{error}", **placeholders)
        await self.screen.see_error(text)

    async def close(self) -> None:
        """Close what tells the end of a flow, with the button below the text."""
        close = "panel.config.integrations.config_flow.close"
        button = self.screen.button(self.screen.texts.frontend(close)).last
        await self.screen.click(button)

    async def _type(self, label: str, text: str) -> None:
        await self.screen.type(self.screen.texts.ours(label), text)
