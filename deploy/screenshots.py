"""``make screenshots``: the page over a running demonstration, in both languages and three widths, for the documents.

python -m deploy.screenshots DIRECTORY
"""

import asyncio
import re
import sys
import tempfile
from pathlib import Path

from playwright.async_api import Browser, Page, async_playwright

from deploy.browser import chromium
from deploy.embedded.ports import free_port

_UP_WITHIN_S, _POLL_S = 120.0, 0.2
#: The leak has reached the fence, the treatment has failed: there is something to be seen.
_INTO_THE_SCRIPT_S = 16.0
_SIZES = ((1280, 800), (1920, 1080), (3840, 2160))


async def take(directory: Path) -> list[Path]:
    """All pictures; the demonstration ends with it. Raises TimeoutError."""
    port = free_port()
    with tempfile.TemporaryFile() as log:
        demo = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "deploy.cli", "demo", "--port", str(port), stdout=log, stderr=log
        )
        try:
            password = await _password(log)
            place = await asyncio.to_thread(chromium)
            async with async_playwright() as playwright:
                browser = await playwright.chromium.launch(executable_path=str(place), args=["--no-sandbox"])
                await asyncio.sleep(_INTO_THE_SCRIPT_S)
                return await _take(browser, f"http://127.0.0.1:{port}/", password, directory)
        finally:
            demo.terminate()
            await demo.wait()


async def _password(log: object) -> str:
    async with asyncio.timeout(_UP_WITHIN_S):
        while True:
            log.seek(0)  # type: ignore[attr-defined]
            found = re.search(r"password\s+(\S+)", log.read().decode(errors="replace"))  # type: ignore[attr-defined]
            if found:
                return found[1]
            await asyncio.sleep(_POLL_S)


async def _take(browser: Browser, url: str, password: str, directory: Path) -> list[Path]:
    made: list[Path] = []
    for language in ("zh", "en"):
        for width, height in _SIZES:
            context = await browser.new_context(viewport={"width": width, "height": height})
            await context.add_init_script(f"localStorage.setItem('parkwatch.language', '{language}')")
            page = await context.new_page()
            made += await _views(page, url, password, directory, f"{language}-{width}", first=not made)
            await context.close()
    return made


async def _views(page: Page, url: str, password: str, directory: Path, name: str, *, first: bool) -> list[Path]:
    made: list[Path] = []

    async def shot(view: str, address: str | None = None, wait_ms: int = 1_200) -> None:
        if address is not None:
            await page.evaluate(f"location.hash = '{address}'")
        await page.wait_for_timeout(wait_ms)
        made.append(directory / f"{view}-{name}.png")
        await page.screenshot(path=made[-1])

    await page.goto(url)
    await _log_in(page, "operator", password)
    await shot("safety")
    await page.keyboard.press("j")
    await page.keyboard.press("Enter")
    await shot("alert")
    if first:
        await page.keyboard.press("d")
        await page.locator("#dispatch-dialog button[name=send]").click()
        await page.wait_for_timeout(800)
        await _hand_over(page)
    await shot("wall", "#wall")
    await shot("emissions", "#emissions")
    await shot("outlet", "#emissions/outlet/hengtai.DA001", 2_000)
    await page.evaluate("location.hash = '#park/source/hengtai.T102'")
    await page.locator(".trend .tab", has_text="10 min").click()
    await shot("source", wait_ms=2_000)
    await shot("enterprises", "#park")
    await shot("enterprise", "#park/enterprise/hengtai")
    await shot("cases", "#cases")
    await page.locator("[data-case] a").first.click()
    await shot("case")
    await page.evaluate("location.hash = '#duty/handover'")
    await page.locator("[data-handover] button").first.click()
    await shot("handover")
    alert = await page.evaluate(_AN_ALERT)
    await page.evaluate(f"location.hash = '#review/{alert}'")
    await page.locator("button[name=play]").click()
    await shot("review", wait_ms=2_500)
    for who, view, address in (("hengtai", "portal", "#park"), ("admin", "admin", "#admin")):
        await page.locator("#logout").click()
        await _log_in(page, who, password)
        await shot(view, address)
    return made


#: The oldest that stands at a tank or its detectors: its story is the longest.
_AN_ALERT = (
    """fetch("/api/v1/alerts?history=true&source=hengtai.T102").then((a) => a.json()).then((a) => a.items.at(-1).id)"""
)


async def _hand_over(page: Page) -> None:
    """So that there is something in the shift log and a sheet to be signed."""
    await page.evaluate("location.hash = '#duty'")
    await page.fill("input[name=entry]", "电话通知恒泰调度室：关闭 T-102 进料阀，派人现场确认")
    await page.locator("button[name=write]").click()
    await page.evaluate("location.hash = '#duty/handover'")
    await page.locator("button[name=hand-over]").click()
    await page.wait_for_selector("[data-handover]")


async def _log_in(page: Page, name: str, password: str) -> None:
    await page.fill("#name", name)
    await page.fill("#password", password)
    await page.press("#password", "Enter")
    await page.wait_for_selector("#link.up")


if __name__ == "__main__":
    Path(sys.argv[1]).mkdir(parents=True, exist_ok=True)
    for one in asyncio.run(take(Path(sys.argv[1]))):
        print(one)
