"""Somebody in front of the page: what they see, and what they press."""

from typing import Any

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

PASSWORD = "correct horse battery"
#: What the service says where somebody is not logged in yet; the browser tells of it in its own console.
_EXPECTED = ("401 (Unauthorized)",)


class Person:
    """One browser window."""

    def __init__(self, context: BrowserContext, page: Page, url: str) -> None:
        self._context, self.page, self.url = context, page, url
        #: What the page complained of.
        self.complaints: list[str] = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self._said(said.type, said.text))

    def _said(self, kind: str, text: str) -> None:
        if kind == "error" and not any(one in text for one in _EXPECTED):
            self.complaints.append(text)

    @classmethod
    async def open(cls, browser: Browser, url: str, *, width: int = 1600) -> "Person":
        """At the door."""
        context = await browser.new_context(viewport={"width": width, "height": 900}, locale="zh-CN")
        person = cls(context, await context.new_page(), url)
        await person.page.goto(url)
        return person

    async def log_in(self, name: str) -> None:
        """By name and password."""
        await self.page.fill("#name", name)
        await self.page.fill("#password", PASSWORD)
        await self.page.press("#password", "Enter")
        await expect(self.page.locator("#page")).to_be_visible(timeout=15_000)
        await expect(self.page.locator("#link")).to_have_class("link up", timeout=15_000)

    async def close(self) -> None:
        """Leave."""
        await self._context.close()

    @property
    def alerts(self) -> Locator:
        """Rows of the list."""
        return self.page.locator(".row.alert")

    async def sound(self) -> str:
        """What is to be heard."""
        return str(await self.page.evaluate("document.documentElement.dataset.sound"))

    async def go(self, view: str) -> None:
        """To another view, by its address."""
        await self.page.evaluate(f"location.hash = {view!r}")

    async def ask(self, path: str) -> dict[str, Any]:
        """A route, as this person's browser would."""
        script = "async (path) => { const a = await fetch(path); return {status: a.status, text: await a.text()}; }"
        answer: dict[str, Any] = await self.page.evaluate(script, f"/api/v1/{path}")
        return answer
