"""The other pages: a source, an enterprise as the park and as itself sees it, the shift, the wall."""

from typing import Any

from playwright.async_api import expect

from service.reports.words import local
from tests.browser.conftest import Crowd
from tests.integration.service.conftest import Serving
from tests.integration.service.small import now_ms, sample


def duties() -> dict[str, Any]:
    """A daily one that begins today."""
    today = local(now_ms() * 1_000).date()
    return {"duties": [{"id": "daily", "name": "日管控", "every": "day", "since": today.isoformat()}]}


async def test_a_source_shows_its_values_its_limits_its_trend_and_its_alarms(serving: Serving, crowd: Crowd) -> None:
    async with serving() as rig:
        wang = await crowd.log_in(rig.url, rig.park.data_dir, "wang")
        for value, ago_ms in ((50.0, 60_000), (91.0, 5_000)):
            await rig.gateway.send(sample(value, t_ms=now_ms() - ago_ms))
        await rig.until_stored(2)
        await wang.page.locator(".row.alert").first.click()
        await wang.page.locator("#detail-facts a").click()
        page = wang.page.locator("[data-source='acme.tank']")
        row = page.locator(".tags-now tr[title='acme.tank.LT']")
        await expect(row).to_contain_text("91")
        await expect(row).to_contain_text("H 80")
        await expect(row).to_have_class("beyond")
        await expect(page.locator("[data-alert]")).to_have_count(1)
        await page.locator(".trend .tab", has_text="10 min").click()  # buckets of a second
        await expect(page.locator(".trend-legend")).to_contain_text("91 %")
        # What comes later is drawn by itself; what is chosen away is gone.
        await rig.gateway.send(sample(95.0))
        await expect(page.locator(".trend-legend")).to_contain_text("95 %", timeout=10_000)
        await row.locator("input").uncheck()
        await expect(page.locator(".trend-legend")).not_to_contain_text("95 %")
        assert wang.complaints == []


async def test_an_enterprise_sees_what_could_not_be_used_reports_its_duties_and_makes_its_keys(
    serving: Serving, crowd: Crowd
) -> None:
    async with serving(duty=duties()) as rig:
        await rig.gateway.send(b'{"tag": "tank.LT", "t": "yesterday", "v": 5}')
        hse = await crowd.log_in(rig.url, rig.park.data_dir, "hse")
        await expect(hse.page.locator("#to-park")).to_have_text("本企业")
        await hse.go("#park")
        page = hse.page.locator("[data-enterprise='acme']")
        await expect(page.locator(".dead")).to_contain_text("yesterday")
        duty = page.locator("[data-duty]")
        await duty.locator("input").fill("一切正常")
        await duty.locator("button[name=report]").click()
        await expect(duty).to_contain_text("已完成")
        await page.locator("input[name=new-key]").fill("acme-gateway")
        await page.locator("button[name=add-key]").click()
        await expect(page.locator(".once code")).to_contain_text("pw")

        other = await crowd.log_in(rig.url, rig.park.data_dir, "other")
        await other.go("#park/enterprise/acme")  # by hand
        await expect(other.page.locator("#park .problem-line")).to_contain_text("未能读取")
        await expect(other.page.locator("#to-duty")).to_be_hidden()
        assert hse.complaints == []


async def test_a_supervisor_rates_an_operator_inspects_and_the_light_follows(serving: Serving, crowd: Crowd) -> None:
    async with serving() as rig:
        boss = await crowd.log_in(rig.url, rig.park.data_dir, "boss")
        await boss.go("#park")
        row = boss.page.locator("tr[data-enterprise='acme']")
        await expect(row).to_contain_text("绿灯")
        await row.locator("a").click()
        page = boss.page.locator("[data-enterprise='acme']")
        await page.locator("button[name=rate]").locator("..").locator("select").select_option("D")
        await page.locator("button[name=rate]").locator("..").locator("input").fill("年度评估")
        await page.locator("button[name=rate]").click()
        await expect(page.locator(".rating")).to_have_text("D")
        form = page.locator("button[name=inspect]").locator("..")
        await form.locator("input[type=number]").fill("4")
        await form.locator("input:not([type=number])").fill("标识缺失")
        await form.locator("button").click()
        await expect(page.locator(".light")).to_have_text("黄灯")
        await expect(page.locator(".reasons")).to_contain_text("4 × 3")
        assert boss.complaints == []


async def test_a_shift_is_handed_over_by_two_people(serving: Serving, crowd: Crowd) -> None:
    async with serving() as rig:
        wang = await crowd.log_in(rig.url, rig.park.data_dir, "wang")
        await rig.gateway.send(sample(91.0))
        await expect(wang.alerts).to_have_count(1)
        await wang.go("#duty")
        await wang.page.fill("input[name=entry]", "已电话通知企业")
        await wang.page.locator("button[name=write]").click()
        await expect(wang.page.locator(".talk")).to_contain_text("已电话通知企业")
        await wang.go("#duty/handover")
        await wang.page.locator("button[name=hand-over]").click()
        await expect(wang.page.locator("[data-part=standing] tr")).to_have_count(1)
        await expect(wang.page.locator("[data-part=entries]")).to_contain_text("已电话通知企业")
        await expect(wang.page.locator("button[name=take-over]")).to_have_count(0)  # not by whom it was made

        li = await crowd.log_in(rig.url, rig.park.data_dir, "li")
        await li.go("#duty/handover")
        await li.page.locator("[data-handover] button").click()
        await li.page.locator("button[name=take-over]").click()
        await expect(li.page.locator("[data-handover]")).to_contain_text("→ li")
        assert wang.complaints + li.complaints == []


async def test_the_wall_shows_the_map_and_what_matters_and_its_keys_work(serving: Serving, crowd: Crowd) -> None:
    async with serving() as rig:
        wang = await crowd.log_in(rig.url, rig.park.data_dir, "wang")
        await wang.page.keyboard.press("w")
        await rig.gateway.send(sample(91.0))
        await expect(wang.alerts).to_have_count(1)
        box = await wang.page.locator("#map").bounding_box()
        assert box is not None
        assert box["width"] > 800
        await expect(wang.page.locator(".row.alert .ack")).to_be_hidden()
        await wang.page.keyboard.press("j")
        await wang.page.keyboard.press("a")
        await expect(wang.page.locator(".row.alert.acked")).to_have_count(1)
        await wang.page.keyboard.press("w")
        await expect(wang.page.locator("#search")).to_be_visible()
