"""From a leak to a closed case, as the people of a park and of an enterprise live it, each in their own browser."""

from playwright.async_api import expect

from tests.browser.conftest import Crowd
from tests.browser.person import Person
from tests.integration.service.conftest import Serving
from tests.integration.service.rig import Rig
from tests.integration.service.small import sample, until

#: An alarm has to be seen and heard within this, milliseconds.
SEEN_MS = 2_000


async def test_a_leak_is_seen_heard_acknowledged_handed_over_answered_verified_and_closed(
    serving: Serving, crowd: Crowd
) -> None:
    async with serving() as rig:
        data_dir = rig.park.data_dir
        wang = await crowd.log_in(rig.url, data_dir, "wang")
        await expect(wang.alerts).to_have_count(0)
        assert await wang.sound() == "off"

        await rig.gateway.send(sample(91.0))
        await expect(wang.alerts).to_have_count(1, timeout=SEEN_MS)
        await expect(wang.page.locator(".map-source.pulsing")).to_have_count(1, timeout=SEEN_MS)
        await expect(wang.page.locator("html")).to_have_attribute("data-sound", "p2", timeout=SEEN_MS)

        await wang.page.keyboard.press("j")
        await wang.page.keyboard.press("a")
        await expect(wang.page.locator(".row.alert.acked")).to_have_count(1)
        await expect(wang.page.locator("html")).to_have_attribute("data-sound", "off")

        await wang.page.keyboard.press("d")
        await wang.page.locator("#dispatch-dialog[open] button[name=send]").click()
        await expect(wang.page.locator("#toast")).to_contain_text("2026-00001")

        hse = await crowd.log_in(rig.url, data_dir, "hse")
        await expect(hse.page.locator("#cases-waiting")).to_have_text("1")
        await hse.go("#cases")
        await hse.page.locator("[data-case='2026-00001'] a").click()
        await hse.page.locator("button[name=receive]").click()
        await hse.page.locator("textarea[name=answer]").fill("阀门已更换,液位恢复")
        await hse.page.locator("button[name=send-answer]").click()
        await expect(hse.page.locator("article")).to_have_attribute("data-state", "answered")

        await wang.go("#cases")
        await wang.page.locator("[data-case='2026-00001'] a").click()
        await expect(wang.page.locator("button[name=accept]")).to_have_count(0)  # who dispatched does not verify
        li = await crowd.log_in(rig.url, data_dir, "li")
        await li.go("#cases")
        await li.page.locator("[data-case='2026-00001'] a").click()
        await li.page.locator("textarea[name=verdict]").fill("现场核查属实")
        await li.page.locator("button[name=accept]").click()
        await expect(li.page.locator("article")).to_have_attribute("data-state", "verified")
        await expect(wang.page.locator("article")).to_have_attribute("data-state", "verified")  # by itself

        boss = await crowd.log_in(rig.url, data_dir, "boss")
        await boss.go("#cases")
        await boss.page.locator("[data-case='2026-00001'] a").click()
        await boss.page.locator("button[name=close]").click()
        await expect(boss.page.locator("article")).to_have_attribute("data-state", "closed")
        await _it_is_played_again(rig, boss)
        await _another_enterprise_sees_nothing(rig, crowd)
        for person in (wang, hse, li, boss):
            assert person.complaints == []


async def _it_is_played_again(rig: Rig, boss: Person) -> None:
    """On map, list and trend, forth and back, and at speed."""
    (case,) = (await rig.get("cases"))["items"]
    (alert,) = case["alerts"]
    await boss.go(f"#review/{alert}")
    page = boss.page
    review, standing = page.locator(".review"), page.locator(f"[data-standing='{alert}']")
    await expect(page.locator(".review-records")).to_contain_text("交办")
    await expect(page.locator(".review-plot, .trend-plot canvas")).to_be_visible()
    await page.locator("button[aria-label='回到开头']").click()
    await expect(standing).to_have_count(0)
    await expect(page.locator("#review .map-source.pulsing")).to_have_count(0)
    seen = []
    for _ in range(30):
        await page.locator(".review h3").first.click()  # away from the buttons, which have keys of their own
        await page.keyboard.press("ArrowRight")
        state = await standing.get_attribute("class") if await standing.count() else None
        seen += [state] if state not in seen else []
        if await page.locator(".review-records li.now.of-case").count():
            break
    assert [one.split()[-1] for one in seen if one] == ["unack", "acked"], seen
    for _ in range(30):
        await page.keyboard.press("ArrowLeft")
        if "unack" in (await standing.get_attribute("class") or ""):
            break
    await expect(page.locator("#review .map-source.pulsing")).to_have_count(1)
    before = await review.get_attribute("data-at")
    await page.select_option("select[name=speed]", label="× 600")
    await page.locator("button[name=play]").click()
    await expect(review).not_to_have_attribute("data-at", before or "")
    await page.locator("button[name=pack]").click()
    await expect(page.locator("a[href*='/evidence/']")).to_be_visible(timeout=20_000)


async def _another_enterprise_sees_nothing(rig: Rig, crowd: Crowd) -> None:
    other = await crowd.log_in(rig.url, rig.park.data_dir, "other")
    await _its_live_stream_is_silent_about_others(rig, other)
    await other.go("#cases")
    await expect(other.page.locator("#cases")).to_contain_text("没有工单")
    (case,) = (await rig.get("cases"))["items"]
    for path, status in (
        (f"cases/{case['id']}", 404),
        (f"cases/{case['id']}/order", 404),
        (f"alerts/{case['alerts'][0]}", 404),
        ("samples?tag=acme.tank.LT", 404),
        ("samples?tag=acme.tank.LT&format=csv", 404),
        ("tags/acme.tank.LT", 404),
        ("trends?tag=acme.tank.LT", 404),
        ("sources/acme.tank", 404),
        ("enterprises/acme", 404),
        (f"incidents/timeline?around={case['alerts'][0]}", 404),
        ("shift/sheet", 403),
    ):
        assert (await other.ask(path))["status"] == status, path
    for path in (
        "alerts?history=true",
        "audit",
        "notifications",
        "raw-frames?from=2026-01-01T00:00:00Z",
        "enterprises",
        "standings",
        "duties",
        "inspections",
    ):
        assert "acme" not in (await other.ask(path))["text"].lower(), path
    assert not any("acme" in one.lower() for one in other.complaints)


async def _its_live_stream_is_silent_about_others(rig: Rig, other: Person) -> None:
    """All that comes over a stream of theirs while both enterprises have alarms."""
    await other.page.evaluate(
        """() => {
          window.heard = [];
          const stream = new EventSource("/api/v1/live");
          for (const kind of ["snapshot", "alert", "context", "status", "risk", "values", "reset"])
            stream.addEventListener(kind, (event) => window.heard.push(kind + " " + event.data));
        }"""
    )
    await until(lambda: other.page.evaluate("window.heard.some((one) => one.startsWith('snapshot'))"))
    await rig.gateway.send(sample(50.0))
    await rig.gateway.send(sample(92.0))
    await rig.gateway.send(sample(70.0, "outlet.nmhc"), topic=rig.park.topic("zeta"))
    await expect(other.alerts).to_have_count(1, timeout=10_000)
    theirs = "window.heard.some((one) => one.startsWith('alert ') && one.includes('zeta'))"
    await until(lambda: other.page.evaluate(theirs))
    heard = await other.page.evaluate("window.heard.join(' ').toLowerCase()")
    assert "acme" not in heard
    # Theirs is over again, so that what follows finds them without alarms.
    await rig.gateway.send(sample(10.0, "outlet.nmhc"), topic=rig.park.topic("zeta"))


async def test_the_sound_may_be_muted_for_a_minute_and_something_worse_ends_it(serving: Serving, crowd: Crowd) -> None:
    async with serving() as rig:
        wang = await crowd.log_in(rig.url, rig.park.data_dir, "wang")
        await rig.gateway.send(sample(91.0))
        html = wang.page.locator("html")
        await expect(html).to_have_attribute("data-sound", "p2", timeout=10_000)
        await wang.page.keyboard.press("m")
        await expect(html).to_have_attribute("data-sound", "muted")
        await expect(wang.page.locator("#sound")).to_contain_text("静音")


async def test_english_is_one_click_away_and_stays(serving: Serving, crowd: Crowd) -> None:
    async with serving() as rig:
        wang = await crowd.log_in(rig.url, rig.park.data_dir, "wang")
        await expect(wang.page.locator("h2", has_text="报警")).to_be_visible()
        await wang.page.locator(".who button.lang").click()
        await expect(
            wang.page.locator("h2", has_text="Alarms").or_(wang.page.locator("h2", has_text="Alerts"))
        ).to_be_visible()
        await wang.page.reload()
        await expect(wang.page.locator("#to-cases")).to_contain_text("Cases")


async def test_a_one_time_password_has_to_be_changed_first(serving: Serving, crowd: Crowd) -> None:
    async with serving() as rig:
        boss = await crowd.log_in(rig.url, rig.park.data_dir, "boss")
        accounts = rig.service.accounts
        once = accounts.reset_password("wang")
        page = boss.page
        await page.locator("#logout").click()
        await page.fill("#name", "wang")
        await page.fill("#password", once)
        await page.press("#password", "Enter")
        await expect(page.locator("#change")).to_be_visible()
        for field, text in (("old", once), ("new", "another staple of words"), ("again", "another staple of words")):
            await page.fill(f"#{field}-password", text)
        await page.press("#again-password", "Enter")
        await expect(page.locator("#page")).to_be_visible()
        await expect(page.locator("#who")).to_have_text("wang")
