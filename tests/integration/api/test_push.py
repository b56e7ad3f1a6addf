"""Samples pushed to a service at work: what is stored, what is answered, who may."""

import asyncio
import gzip
import json
import socket
from collections.abc import AsyncIterator

import httpx
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.api.models_push import PushReport
from tests.integration.api.pushing import ARROW, Pushing, arrow_of, iso, post, row


async def test_one_row_of_each_form_is_durable_when_it_is_answered_and_stored(pushing: Pushing) -> None:
    async with pushing() as rig, rig.client("acme") as acme:
        now_us = rig.service.clock()
        answers = [
            await post(acme, row(value=1.0)),
            await post(acme, [row(value=2.0, ago_s=2)]),
            await post(acme, {"tag": ["tank.LT"], "time": [iso(3)], "value": [3.0]}),
            await post(acme, {"t": now_us // 1000 - 4000, "values": {"tank.LT": 4.0}}),
            await post(acme, f"tag,time,value\ntank.LT,{iso(5)},5\n".encode(), "text/csv; charset=utf-8"),
            await post(acme, f"time,tank.LT,acme.tank.TT\n{iso(6)},6,\n{iso(7)},,7\n".encode(), "text/csv"),
            await post(acme, arrow_of(["tank.LT"], [now_us - 8_000_000], [8]), ARROW),
            await post(acme, gzip.compress(json.dumps(row(value=9, ago_s=9)).encode()), **{"Content-Encoding": "gzip"}),
            await post(
                acme,
                bytes(pa.compress(json.dumps(row(value=10, ago_s=10)).encode(), "zstd")),
                **{"Content-Encoding": "zstd"},
            ),
        ]
        assert [answer.status_code for answer in answers] == [202] * 9
        assert sum(answer.json()["accepted"] for answer in answers) == 10
        found = await rig.stored(10)
        assert sorted(value for _, value, _ in found) == [float(n) for n in range(1, 11)]


async def test_the_same_request_twice_stores_once(pushing: Pushing) -> None:
    async with pushing() as rig, rig.client("acme") as acme:
        body = arrow_of(["tank.LT"] * 500, rig.service.clock() - np.arange(500) * 1000, np.arange(500))
        first, second = await post(acme, body, ARROW), await post(acme, body, ARROW)
        assert first.json() == second.json()
        assert first.json()["accepted"] == 500
        await rig.stored(500)
        assert rig.service.writer.status.duplicates == 500


async def test_an_idempotency_key_answers_from_memory_and_journals_nothing_again(pushing: Pushing) -> None:
    async with pushing() as rig, rig.client("acme") as acme, rig.client("zeta") as zeta:
        body = [row(), row(tag="tank.nothing")]
        first = await post(acme, body, **{"Idempotency-Key": "k1"})
        received = rig.service.connectors()[0].received
        again = await post(acme, body, **{"Idempotency-Key": "k1"})
        assert (again.status_code, again.json()) == (first.status_code, first.json())
        assert "idempotency-replayed" not in first.headers
        assert again.headers["idempotency-replayed"] == "true"
        assert rig.service.connectors()[0].received == received
        other = await post(acme, [row(value=5.0)], **{"Idempotency-Key": "k1"})
        assert (other.status_code, other.json()["type"]) == (422, "urn:parkwatch:problem:idempotency-key-reused")
        # Another caller's key is another one.
        assert (await post(zeta, [row(tag="outlet.nmhc")], **{"Idempotency-Key": "k1"})).status_code == 202


async def test_three_bad_rows_are_named_and_the_rest_is_stored(pushing: Pushing) -> None:
    async with pushing() as rig, rig.client("acme") as acme:
        rows = [row(value=float(n), ago_s=1 + n) for n in range(50)]
        rows[10]["time"] = "2026-11-01T08:00:00"
        rows[20]["tag"] = "tank.XX"
        rows[30]["value"] = "high"
        answer = await post(acme, rows)
        report = answer.json()
        PushReport.model_validate(report)
        assert (answer.status_code, report["accepted"], report["rejected"]) == (202, 47, 3)
        assert report["by_reason"] == {"naive_time": 1, "unknown_tag": 1, "not_a_number": 1}
        assert [(one["row"], one["field"], one["value"]) for one in report["rows"]] == [
            (11, "time", "2026-11-01T08:00:00"),
            (21, "tag", "tank.XX"),
            (31, "value", "high"),
        ]
        assert all(one["problem"] for one in report["rows"])
        await rig.stored(47)
        letters = rig.rows("SELECT reason, enterprise, raw FROM dead_letter ORDER BY reason")
        assert [(reason, enterprise) for reason, enterprise, _ in letters] == [
            ("naive_time", "acme"),
            ("not_a_number", "acme"),
            ("unknown_tag", "acme"),
        ]
        assert b'"tank.XX"' in bytes(letters[2][2])


async def test_where_all_rows_are_bad_nothing_is_stored_but_dead_letters(pushing: Pushing) -> None:
    async with pushing() as rig, rig.client("acme") as acme:
        answer = await post(acme, [row(tag="tank.XX"), row(tag="tank.YY")])
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:parkwatch:problem:nothing-stored")
        assert (answer.json()["rejected"], len(answer.json()["rows"])) == (2, 2)
        broken = await post(acme, b"\x1f\x8bnonsense", **{"Content-Encoding": "gzip"})
        assert (broken.status_code, broken.json()["type"]) == (422, "urn:parkwatch:problem:undecodable")
        empty = await post(acme, b"tag,time,value\n", "text/csv")
        assert empty.status_code == 422
        await rig.stored(0)
        reasons = rig.rows("SELECT reason, count(*) FROM dead_letter GROUP BY reason ORDER BY reason")
        assert reasons == [("undecodable", 2), ("unknown_tag", 1)]


async def test_an_enterprise_pushes_its_own_tags_alone(pushing: Pushing) -> None:
    def body(tag: str, kind: str) -> bytes:
        if kind == ARROW:
            return arrow_of([tag], [rig.service.clock() - 1_000_000], [1.0])
        one = row(tag=tag)
        return json.dumps(one).encode() if "json" in kind else f"tag,time,value\n{tag},{one['time']},1\n".encode()

    async with pushing() as rig, rig.client("acme") as acme, rig.client(None) as park:
        for count, kind in enumerate(("application/json", "text/csv", ARROW), 1):
            told = {}
            for tag in ("zeta.outlet.nmhc", "zeta.outlet.none"):
                answer = await post(acme, body(tag, kind), kind)
                assert (answer.status_code, answer.json()["by_reason"]) == (422, {"foreign_tag": 1})
                told[tag] = answer.text.replace(tag, "TAG")
            # Nobody can find out whether another has such a tag.
            assert told["zeta.outlet.nmhc"] == told["zeta.outlet.none"]
            for tag in ("tank.PT", "outlet.nmhc"):
                assert (await post(acme, body(tag, kind), kind)).status_code == 422
            for tag in ("zeta.outlet.nmhc", "zeta.outlet.flow", "acme.tank.LT"):
                assert (await post(park, body(tag, kind), kind)).status_code == 202
            dark = await post(park, body("zeta.outlet.dark", kind), kind)
            assert dark.json()["by_reason"] == {"wrong_connector": 1}
            healths = {one.connector: one for one in rig.service.connectors()}
            assert (healths["push"].received, healths["more"].received) == (2 * count, count)
        await rig.stored(9)
        assert healths["push"].devices["acme"].enterprise == "acme"


async def test_without_a_key_nothing_is_taken(pushing: Pushing) -> None:
    async with pushing() as rig, httpx.AsyncClient(base_url=f"{rig.service.url}/api/v1/", trust_env=False) as stranger:
        assert (await post(stranger, [row()])).status_code == 401
        await rig.stored(0)


async def test_what_is_too_large_is_refused_with_the_limit(pushing: Pushing) -> None:
    limits: dict[str, float] = {"most_body_bytes": 20_000, "most_bytes": 50_000, "most_json_bytes": 30_000}
    # A body that cannot be read counts by its size, so on a fast machine the next one would be too soon.
    limits |= {"most_rows": 100, "rows_per_s": 1e9}
    async with pushing(push=limits) as rig, rig.client("acme") as acme:

        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(50):
                yield b"x" * 1000

        headers = {"Content-Type": "text/csv"}
        declared = await acme.post("samples", content=b"x" * 20_001, headers=headers)
        streamed = await acme.post("samples", content=pieces(), headers=headers)
        bomb = gzip.compress(b"0" * 10_000_000)
        unpacked = [
            await post(acme, bomb, "text/csv", **{"Content-Encoding": "gzip"}),
            await post(acme, bomb, **{"Content-Encoding": "gzip"}),
            await post(acme, bytes(pa.compress(b"0" * 10_000_000, "zstd")), ARROW, **{"Content-Encoding": "zstd"}),
        ]
        many = await post(acme, [row(ago_s=n) for n in range(101)])
        answers = [declared, streamed, *unpacked, many]
        assert [answer.status_code for answer in answers] == [413] * 6
        named = [("20000"), ("20000"), ("50000"), ("30000"), ("50000"), ("100")]
        assert all(limit in answer.json()["detail"] for limit, answer in zip(named, answers, strict=True))
        await rig.stored(0)


async def test_what_is_no_form_of_ours_is_told_those_that_are(pushing: Pushing) -> None:
    wrong = [
        {"Content-Type": "application/x-www-form-urlencoded"},
        {"Content-Type": ""},
        {"Content-Type": "application/json", "Content-Encoding": "br"},
        {"Content-Type": "text/csv; charset=zip"},
    ]
    async with pushing() as rig, rig.client("acme") as acme:
        for headers in wrong:
            answer = await acme.post("samples", content=b"{}", headers=headers)
            assert answer.status_code == 415, headers
            assert "send" in answer.json()["detail"]


async def test_a_key_that_sends_too_much_is_told_when_to_come_again(pushing: Pushing) -> None:
    policy = {"requests_per_s": 0.01, "requests_at_once": 3}
    async with pushing(push=policy) as rig, rig.client("acme") as acme, rig.client("zeta") as zeta:
        answers = [await post(acme, [row(ago_s=n)]) for n in range(1, 5)]
        assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
        assert 1 <= int(answers[3].headers["retry-after"]) <= 100
        assert "0.01 requests a second" in answers[3].json()["detail"]
        assert (await post(zeta, [row(tag="outlet.nmhc")])).status_code == 202
        await rig.stored(4)


async def test_a_key_that_sends_too_many_samples_has_to_wait(pushing: Pushing) -> None:
    async with pushing(push={"rows_per_s": 0.01, "most_rows": 10}) as rig, rig.client("acme") as acme:
        assert (await post(acme, [row(ago_s=n) for n in range(1, 10)])).status_code == 202
        assert (await post(acme, [row(ago_s=n) for n in range(11, 21)])).status_code == 202
        late = await post(acme, [row(ago_s=30)])
        assert (late.status_code, late.json()["retry"]) == (429, True)
        assert 1 <= int(late.headers["retry-after"]) <= 901
        await rig.stored(19)


async def test_a_full_intake_is_told_and_the_same_request_may_come_again(
    pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with pushing(push={"intake_within": "200ms"}) as rig, rig.client("acme") as acme:
        body = [row()]
        with monkeypatch.context() as full:
            full.setattr(rig.service.intake, "_max_waiting", 0)
            answer = await post(acme, body)
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:parkwatch:problem:busy")
            assert int(answer.headers["retry-after"]) >= 1
        assert (await post(acme, body)).status_code == 202
        await rig.stored(1)


async def test_a_journal_that_refuses_is_no_acknowledgement(pushing: Pushing) -> None:
    async with pushing(journal={"max_bytes": 300_000}) as rig, rig.client("acme") as acme:
        body = arrow_of(["tank.LT"] * 100_000, rig.service.clock() - np.arange(100_000) * 10, np.arange(100_000))
        answer = await post(acme, body, ARROW)
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:parkwatch:problem:journal-refuses")
        assert answer.headers["retry-after"]


async def test_a_connection_that_ends_within_the_body_keeps_nothing(pushing: Pushing) -> None:
    async with pushing() as rig, rig.client("acme") as acme:
        host, port = rig.service.url.removeprefix("http://").split(":")
        key = acme.headers["X-API-Key"]
        head = f"POST /api/v1/samples HTTP/1.1\r\nHost: x\r\nX-API-Key: {key}\r\nContent-Type: text/csv\r\n"
        with socket.create_connection((host, int(port))) as line:
            line.sendall(f"{head}Content-Length: 1000\r\n\r\ntag,time".encode())
        assert (await post(acme, [row()])).status_code == 202
        await rig.stored(1)


async def test_any_bytes_are_answered_and_never_with_a_500(pushing: Pushing) -> None:
    good = arrow_of(["tank.LT", "tank.TT"], [1_795_000_000_000_000] * 2, [1.0, 2.0])
    text = b"tag,time,value,quality\ntank.LT,2026-11-01T08:00:00+08:00,1,good\n"
    seeds = st.sampled_from([good, text, b'[{"tag":"tank.LT","time":1795000000,"value":1}]', b"time,tank.LT\n1,2\n"])

    @st.composite
    def mutated(draw: st.DrawFn) -> bytes:
        data = bytearray(draw(seeds))
        for _ in range(draw(st.integers(1, 4))):
            data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
        return bytes(data[: draw(st.integers(0, len(data)))])

    loop = asyncio.get_running_loop()
    policy = {"requests_at_once": 1e6, "requests_per_s": 1e6}
    async with pushing(push=policy) as rig, rig.client("acme") as acme:

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
        @given(
            body=st.binary(max_size=200) | mutated(),
            kind=st.sampled_from(["application/json", "text/csv", ARROW]),
            encoding=st.sampled_from(["", "gzip", "zstd"]),
        )
        def asked(body: bytes, kind: str, encoding: str) -> None:
            headers = {"Content-Encoding": encoding} if encoding else {}
            answer = asyncio.run_coroutine_threadsafe(post(acme, body, kind, **headers), loop).result(30)
            assert answer.status_code in (202, 413, 415, 422), answer.text

        await asyncio.to_thread(asked)
        assert (await post(acme, [row()])).status_code == 202
        assert rig.service.status()["ready"]
