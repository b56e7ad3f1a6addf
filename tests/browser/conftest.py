"""A real Chromium and a whole service; people who log in with accounts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from deploy.browser import chromium
from service.identity.accounts import Accounts
from service.identity.roles import Role
from tests.browser.person import PASSWORD, Person
from tests.integration.service.conftest import serve, serving, small_park

__all__ = ["serve", "serving", "small_park"]

#: Name, role, enterprise.
PEOPLE = (
    ("wang", Role.OPERATOR, None),
    ("li", Role.OPERATOR, None),
    ("boss", Role.SUPERVISOR, None),
    ("hse", Role.ENTERPRISE, "acme"),
    ("other", Role.ENTERPRISE, "zeta"),
)


@pytest.fixture(scope="session")
async def chrome() -> AsyncIterator[Browser]:
    """One browser for all; everyone has a context of their own in it."""
    place = await asyncio.to_thread(chromium)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(place),
            # As root there is no sandbox; and no sound card is needed to play a sound.
            args=["--no-sandbox", "--autoplay-policy=no-user-gesture-required", "--js-flags=--expose-gc"],
        )
        yield browser
        await browser.close()


class Crowd:
    """People in front of one service."""

    def __init__(self, browser: Browser, stack: AsyncExitStack) -> None:
        self._browser, self._stack = browser, stack

    async def log_in(self, url: str, data_dir: Path, name: str, *, width: int = 1600) -> Person:
        """In a browser window of their own."""
        accounts = Accounts(data_dir)
        for known, role, enterprise in PEOPLE:
            if accounts.get(known) is None:
                make = partial(accounts.create, known, role=role, enterprise=enterprise, by="test", password=PASSWORD)
                await asyncio.to_thread(make)
        person = await Person.open(self._browser, url, width=width)
        self._stack.push_async_callback(person.close)
        await person.log_in(name)
        return person


@pytest.fixture
async def crowd(chrome: Browser) -> AsyncIterator[Crowd]:
    async with AsyncExitStack() as stack:
        yield Crowd(chrome, stack)
