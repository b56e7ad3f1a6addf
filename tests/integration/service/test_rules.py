"""Rules changed in a service at work, over REST, by the command line, by SIGHUP; what they watch stays whole."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from typer.testing import CliRunner

from deploy.bench.reload import flow
from deploy.cli import app
from tests.integration.cli.serve import Serve
from tests.integration.service.conftest import Serving
from tests.integration.service.rig import Rig
from tests.integration.service.small import SmallPark, sample, until

LIMITS = "rules:\n  - {id: tag-limits, kind: limit}\n"
HOT = "  - {id: hot, kind: limit, applies_to: {tag: [TT]}, limits: {H: 50}}\n"
DOUBTFUL = "  - {id: hot, kind: limit, applies_to: {tag: [TT]}, limits: {H: 50}, confidence: secondary}\n"


@pytest.fixture
async def rig(serving: Serving, small_park: SmallPark) -> AsyncIterator[Rig]:
    """A service whose rules stand in a file."""
    (small_park.directory / "rules.yaml").write_text(LIMITS, "utf-8")
    async with serving(rules="rules.yaml") as rig:
        yield rig


async def put(rig: Rig, text: str | None = None, status: int = 200, **more: Any) -> Any:
    """Other rules, by the control room."""
    body = {"reason": "revision", **more} | ({"files": [{"name": "new.yaml", "text": text}]} if text else {})
    return await ask(rig, "PUT", "rules", body, status)


async def ask(rig: Rig, method: str, path: str, body: Any = None, status: int = 200, key: str = "") -> Any:
    async with rig.client(key or rig.park.key()) as client:
        answer = await client.request(method, path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json()


async def standing(rig: Rig) -> set[tuple[str, str, str]]:
    return {(one["rule"], one["target"], one["state"]) for one in (await rig.get("alerts"))["items"]}


async def until_standing(rig: Rig, *wanted: tuple[str, str, str]) -> None:
    async def holds() -> bool:
        return await standing(rig) == set(wanted)

    await until(holds)


def shell(*words: str) -> Callable[[], Any]:
    """A command that talks to the service in this process, so not on its thread."""
    return lambda: CliRunner().invoke(app, list(words))


async def test_new_rule_goes_live_and_what_others_watch_goes_on(rig: Rig) -> None:
    await rig.gateway.send(sample(85.0))
    await rig.gateway.send(sample(60.0, "tank.TT"))
    limit = ("tag-limits", "acme.tank.LT", "unack")
    await until_standing(rig, limit)
    before = (await rig.get("alerts"))["items"]
    tried = await put(rig, LIMITS + HOT, dry_run=True)
    assert (tried["added"], tried["unchanged"], tried["version"]) == (["hot"], 1, None)
    assert tried["at_once"] == {"hot": {"raised": 1}}
    assert await standing(rig) == {limit}, "a dry run changes nothing"
    done = await put(rig, LIMITS + HOT, author="Li Wei")
    assert (done["version"], done["at_once"]) == (2, None)
    await until_standing(rig, limit, ("hot", "acme.tank.TT", "unack"))
    assert before[0] in (await rig.get("alerts"))["items"], "the same alert, unmoved"
    back = await put(rig, version=1, author="Li Wei")
    assert (back["version"], back["removed"]) == (3, ["hot"])
    await until_standing(rig, limit, ("hot", "acme.tank.TT", "rtnun"))


async def test_versions_tell_who_and_why_and_hold_the_text(rig: Rig) -> None:
    await put(rig, LIMITS + HOT, author="Li Wei", reason="TT has no limit of its own")
    versions = (await rig.get("rules/versions"))["items"]
    assert [one["number"] for one in versions] == [2, 1]
    assert versions[0]["author"].startswith("Li Wei (key ")
    assert (versions[1]["author"], versions[1]["reason"]) == ("configuration", "first start")
    assert (await rig.get("rules/versions/2"))["files"] == [{"name": "new.yaml", "text": LIMITS + HOT}]

    async def stored() -> bool:
        return len(rig.rows("SELECT 1 FROM rule_version")) == 2

    await until(stored)
    assert [one["number"] for one in (await rig.get("rules/versions"))["items"]] == [2, 1]
    page = await rig.get("rules/versions", limit=1)
    rest = await rig.get("rules/versions", limit=1, cursor=page["next"])
    assert [one["number"] for one in page["items"] + rest["items"]] == [2, 1]
    assert (await rig.get("rules/versions/1"))["files"][0]["text"] == LIMITS
    await ask(rig, "GET", "rules/versions/9", status=404)


async def test_what_was_live_cannot_be_altered_in_the_store(rig: Rig) -> None:
    async def stored() -> bool:
        return len(rig.rows("SELECT 1 FROM rule_version")) == 1

    await until(stored)
    for statement in ("DELETE FROM rule_version", "UPDATE rule_version SET author = 'nobody'", "TRUNCATE rule_version"):
        with pytest.raises(psycopg.errors.RaiseException, match="append-only"):
            rig.rows(statement)


async def test_metrics_tell_version_and_pause(rig: Rig) -> None:
    await put(rig, LIMITS + DOUBTFUL)
    async with httpx.AsyncClient(base_url=rig.url, headers={"X-API-Key": rig.park.key()}, trust_env=False) as client:
        lines = (await client.get("/metrics")).text.splitlines()
    assert {"parkwatch_rules_version 2.0", "parkwatch_rules_live 1.0", "parkwatch_rules_inactive 1.0"} <= set(lines)
    assert any(line.startswith("parkwatch_rules_worst_pause_seconds") for line in lines)


async def test_wrong_rules_are_refused_with_every_place_and_change_nothing(rig: Rig) -> None:
    text = "rules:\n  - {id: a, kind: limt}\n  - {id: b, kind: stale, stale_after: 5}\n"
    refused = await put(rig, text, status=422)
    assert [one["field"] for one in refused["errors"]] == ["new.yaml:2:5", "new.yaml:3:26"]
    assert (await rig.get("rules"))["version"] == 1


async def test_whoever_has_not_seen_the_version_in_force_is_refused(rig: Rig) -> None:
    await put(rig, LIMITS + HOT, base=1)
    refused = await put(rig, LIMITS, base=1, status=409)
    assert "version 2 is in force by now, not 1" in refused["detail"]


async def test_the_same_rules_again_make_no_version(rig: Rig) -> None:
    assert [(await put(rig, LIMITS + HOT))["version"] for _ in range(2)] == [2, 2]


async def test_doubtful_rule_is_listed_with_the_reason_and_goes_live_when_confirmed(rig: Rig) -> None:
    await rig.gateway.send(sample(60.0, "tank.TT"))
    await put(rig, LIMITS + DOUBTFUL)
    (hot,) = (one for one in (await rig.get("rules"))["items"] if one["id"] == "hot")
    assert (hot["live"], hot["status"], hot["line"], hot["tags"]) == (False, "unconfirmed", 3, 1)
    assert "a named person must confirm" in hot["why"]
    await ask(rig, "POST", "rules/hot/confirm", {"by": "Li Wei", "note": "page 14"})
    await until_standing(rig, ("hot", "acme.tank.TT", "unack"))
    (hot,) = (await rig.get("rules", status="live"))["items"][1:]
    assert hot["confirmed_by"].startswith("Li Wei")
    await ask(rig, "POST", "rules/hot/confirm", {"by": "Li Wei"}, status=409)
    await ask(rig, "POST", "rules/tag-limits/confirm", {"by": "Li Wei"}, status=409)
    await ask(rig, "POST", "rules/nobody/confirm", {"by": "Li Wei"}, status=404)


async def test_rules_need_a_key_for_the_whole_park(rig: Rig) -> None:
    key = rig.park.key(enterprise="acme")
    for method, path, body in (
        ("GET", "rules", None),
        ("GET", "rules/versions", None),
        ("PUT", "rules", {"version": 1, "reason": "x"}),
        ("POST", "rules/reload", None),
        ("POST", "rules/hot/confirm", {"by": "Li Wei"}),
    ):
        await ask(rig, method, path, body, status=403, key=key)


async def test_configured_files_are_read_again_and_refused_where_they_are_wrong(rig: Rig) -> None:
    file = rig.park.directory / "rules.yaml"
    file.write_text(LIMITS + HOT, "utf-8")
    assert (await ask(rig, "POST", "rules/reload"))["version"] == 2
    assert (await ask(rig, "POST", "rules/reload"))["version"] == 2
    file.write_text("rules: [", "utf-8")
    refused = await ask(rig, "POST", "rules/reload", status=422)
    assert str(file) in refused["detail"]
    status = await rig.until_status(lambda status: status["problems"])  # it may be a quarter of a second old
    assert "the configured rules cannot be taken" in status["problems"][0]
    assert (status["rules"]["version"], status["rules"]["live"]) == (2, 2)
    assert status["ready"], "those before watch on"


async def test_rules_put_into_force_are_those_after_a_restart(serving: Serving, small_park: SmallPark) -> None:
    async with serving() as rig:
        await put(rig, LIMITS + DOUBTFUL)
        await ask(rig, "POST", "rules/hot/confirm", {"by": "Li Wei"})
    async with serving() as rig:
        rules = await rig.get("rules")
        assert (rules["version"], [one["live"] for one in rules["items"]]) == (3, [True, True])
        assert [one["number"] for one in (await rig.get("rules/versions"))["items"]] == [3, 2, 1]


async def test_the_command_line_does_all_of_it(rig: Rig, tmp_path: Path) -> None:
    new = tmp_path / "more.yaml"
    new.write_text(LIMITS + DOUBTFUL, "utf-8")
    at = ("--url", rig.url, "--key", rig.park.key())

    async def run(*words: str) -> Any:
        return await asyncio.to_thread(shell("rules", *words, *at))

    tried = await run("apply", str(new), "--dry-run")
    assert (tried.exit_code, "nothing was changed" in tried.output) == (0, True)
    unsaid = await run("apply", str(new))
    assert (unsaid.exit_code, "say why: --reason" in unsaid.output) == (1, True)
    done = await run("apply", str(new), "--by", "Li Wei", "--reason", "TT, too")
    assert "added    hot" in done.output
    assert "version 2 is in force" in done.output
    listed = await run("list")
    assert "unconfirmed  hot" in listed.output
    confirmed = await run("confirm", "hot", "--by", "Li Wei", "--note", "page 14")
    assert "hot is confirmed by Li Wei; version 3 is in force" in confirmed.output
    assert "    3  " in (await run("versions")).output
    assert "# hot confirmed by Li Wei" in (await run("versions", "3")).output
    assert "+" + DOUBTFUL.strip("\n") in (await run("versions", "2", "--diff", "1")).output
    await run("versions", "1", "--out", str(tmp_path / "old"))
    assert (tmp_path / "old" / "rules.yaml").read_text("utf-8") == LIMITS
    back = await run("apply", "--version", "1", "--by", "Li Wei", "--reason", "back")
    assert "removed  hot" in back.output
    new.write_text("rules:\n  - {id: a, kind: limt}\n", "utf-8")
    refused = await run("apply", str(new), "--reason", "x")
    assert (refused.exit_code, f"{new}:2:5" in refused.output) == (1, True)


async def test_sighup_makes_it_read_its_rules_again(
    small_park: SmallPark, database: str, serve: Callable[[Path], Serve]
) -> None:
    file = small_park.directory / "rules.yaml"
    file.write_text(LIMITS, "utf-8")
    process = serve(small_park.write_config(database, rules="rules.yaml"))
    async with httpx.AsyncClient(
        base_url=f"{process.until_up()}/api/v1/", headers={"X-API-Key": small_park.key()}, trust_env=False
    ) as client:

        async def version() -> int:
            return int((await client.get("rules")).json()["version"])

        assert await version() == 1
        file.write_text(LIMITS + HOT, "utf-8")
        process.process.send_signal(signal.SIGHUP)

        async def changed() -> bool:
            return await version() == 2

        await until(changed)
        (head, _) = (await client.get("rules/versions")).json()["items"]
        assert head["author"] == "SIGHUP"


async def test_no_alert_is_lost_doubled_or_moved_by_changes_under_20k_samples_a_second(
    tmp_path: Path, database: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    found = await flow(tmp_path, database, seconds=8, tags=4_000, rules=500, rate=20_000, reloads=4)
    with capsys.disabled():
        print(f"\n500 rules changed under 20,000 samples/s: {[one['pause_ms'] for one in found['changes']]} ms each")
    assert (found["lost"], found["doubled"], found["moved"]) == (0, 0, 0), found["examples"]
    assert found["events_compared"] > 100
    assert [one["changed"] for one in found["changes"]] == [10] * 4
    assert all(one["prepared"] for one in found["changes"])
