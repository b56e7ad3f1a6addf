"""What a key may push within a time, and what requests with an Idempotency-Key are answered."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import connectors
from service.push.limiter import Bucket
from service.push.policy import PushPolicy
from service.push.refused import InProgress, KeyReused, TooMany
from service.push.remembered import Answer, Remembered, fingerprint


class _Clock:
    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_burst_is_let_through_and_then_the_rate() -> None:
    clock = _Clock()
    bucket = Bucket("requests", per_s=2.0, at_once=3.0, steady_s=clock)
    for _ in range(3):
        bucket.check("a", 1.0)
        bucket.take("a", 1.0)
    with pytest.raises(TooMany, match=r"2 requests a second; come again in 0\.5 s") as refused:
        bucket.check("a", 1.0)
    assert refused.value.wait_s == 0.5
    bucket.check("b", 1.0)
    clock.now_s += refused.value.wait_s
    bucket.check("a", 1.0)


def test_who_overdraws_waits_until_that_is_made_up_for() -> None:
    clock = _Clock()
    bucket = Bucket("samples", per_s=100.0, at_once=1_000.0, steady_s=clock)
    bucket.take("a", 5_000)
    with pytest.raises(TooMany) as refused:
        bucket.check("a")
    assert refused.value.wait_s == 40.0
    clock.now_s += 39.99
    with pytest.raises(TooMany):
        bucket.check("a")
    clock.now_s += 0.02
    bucket.check("a")


@given(st.lists(st.tuples(st.floats(0, 10), st.integers(1, 20)), max_size=50))
def test_no_more_than_burst_and_rate_ever_goes_through(asked: list[tuple[float, int]]) -> None:
    clock = _Clock()
    bucket = Bucket("x", per_s=3.0, at_once=10.0, steady_s=clock)
    began_s, taken = clock.now_s, 0
    for wait_s, count in asked:
        clock.now_s += wait_s
        try:
            bucket.check("a", count)
        except TooMany as error:
            if error.wait_s <= 0:
                raise
            continue
        bucket.take("a", count)
        taken += count
        assert taken <= 10 + 3 * (clock.now_s - began_s) + 1e-6


def test_an_unknown_number_of_names_takes_no_more_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.push.limiter._MOST_NAMES", 3)
    bucket = Bucket("x", per_s=1e-9, at_once=1.0, steady_s=_Clock())
    for name in "abcd":
        bucket.take(name, 1.0)
    bucket.check("a", 1.0)  # forgotten, so as new
    with pytest.raises(TooMany):
        bucket.check("d", 1.0)


DONE = Answer(202, {"accepted": 1})


def _memory(most: int = 10) -> tuple[Remembered, _Clock]:
    clock = _Clock()
    return Remembered(most=most, for_s=60.0, steady_s=clock), clock


def test_the_second_is_answered_as_the_first() -> None:
    memory, _ = _memory()
    assert memory.begin("a", "k", b"1") is None
    with pytest.raises(InProgress):
        memory.begin("a", "k", b"1")
    memory.keep("a", "k", DONE)
    assert memory.begin("a", "k", b"1") is DONE
    with pytest.raises(KeyReused):
        memory.begin("a", "k", b"2")
    assert memory.begin("b", "k", b"2") is None


def test_what_failed_is_a_first_attempt_again() -> None:
    memory, _ = _memory()
    memory.begin("a", "k", b"1")
    memory.forget("a", "k")
    assert memory.begin("a", "k", b"2") is None


def test_after_its_time_an_answer_is_forgotten() -> None:
    memory, clock = _memory()
    memory.begin("a", "k", b"1")
    memory.keep("a", "k", DONE)
    clock.now_s += 60.5
    assert memory.begin("a", "k", b"2") is None


def test_the_oldest_answers_make_room() -> None:
    memory, _ = _memory(most=2)
    for key in "klm":
        memory.begin("a", key, b"1")
        memory.keep("a", key, DONE)
    assert memory.begin("a", "m", b"1") is DONE
    assert memory.begin("a", "k", b"1") is None


def test_answers_that_name_many_rows_make_room_for_fewer() -> None:
    memory, _ = _memory(most=10)
    for key in "kl":
        memory.begin("a", key, b"1")
        memory.keep("a", key, Answer(202, {"rows": [{}] * 6}))
    assert memory.begin("a", "l", b"1") is not None
    assert memory.begin("a", "k", b"1") is None


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 5), st.booleans()), max_size=60))
def test_what_is_remembered_never_outgrows_its_bound(asked: list[tuple[str, int, bool]]) -> None:
    memory, _ = _memory(most=8)
    for key, rows, failed in asked:
        try:
            answered = memory.begin("a", key, b"1")
        except InProgress:
            continue
        if answered is None and failed:
            memory.forget("a", key)
        elif answered is None:
            memory.keep("a", key, Answer(202, {"rows": [{}] * rows}))
        kept = [entry.weight for entry in memory._entries.values()]
        assert sum(kept) == memory._weight <= 8


@given(st.lists(st.binary(max_size=4), max_size=4), st.lists(st.binary(max_size=4), max_size=4))
def test_fingerprints_tell_parts_apart(one: list[bytes], other: list[bytes]) -> None:
    assert (fingerprint(*one) == fingerprint(*other)) == (one == other)


def test_the_page_of_the_connector_names_every_limit_with_its_default() -> None:
    page = Path(connectors.__path__[0], "http", "README.md").read_text("utf-8")
    said = {name: row for row in re.findall(r"^\|.*\|$", page, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    assert [name for name in PushPolicy.model_fields if name not in said] == []
    policy = PushPolicy()
    for name in ("most_rows", "rows_per_s", "remembered"):
        assert f"{getattr(policy, name):,.0f}" in said[name]
    for name in ("most_body_bytes", "most_bytes", "most_json_bytes", "most_held_bytes"):
        assert f"{getattr(policy, name) // 2**20} MiB" in said[name]
    assert "20, 200" in said["requests_per_s"]
