"""The life of a case: only its table leads anywhere, and nobody verifies their own work."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.risk.formula import Colour
from service.cases.config import CasePolicy
from service.cases.files import UploadRefused, upload_of
from service.cases.states import CaseState, Step, StepRefused, check_four_eyes, next_state


def walk(*steps: Step) -> CaseState:
    state = CaseState.DISPATCHED
    for step in steps:
        state = next_state(state, step)
    return state


def test_the_usual_road_leads_to_closed() -> None:
    assert walk(Step.RECEIVE, Step.ANSWER, Step.ACCEPT, Step.CLOSE) is CaseState.CLOSED


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ((Step.ANSWER, Step.REFUSE), CaseState.DISPATCHED),
        ((Step.ANSWER, Step.ACCEPT, Step.CLOSE, Step.REOPEN), CaseState.DISPATCHED),
        ((Step.MESSAGE, Step.ATTACH, Step.CAUSE, Step.ALERTS), CaseState.DISPATCHED),
    ],
)
def test_other_roads(steps: tuple[Step, ...], state: CaseState) -> None:
    assert walk(*steps) is state


@given(st.lists(st.sampled_from(list(Step)), max_size=12))
def test_nothing_is_closed_that_was_not_answered_and_verified_since_it_was_handed_over(steps: list[Step]) -> None:
    state, done = CaseState.DISPATCHED, list[Step]()
    for step in steps:
        try:
            state = next_state(state, step)
        except StepRefused:
            continue
        done = [] if step in (Step.REFUSE, Step.REOPEN) else [*done, step]
        if state is CaseState.CLOSED:
            order = [one for one in done if one in (Step.ANSWER, Step.ACCEPT, Step.CLOSE)]
            assert order == [Step.ANSWER, Step.ACCEPT, Step.CLOSE]


def test_a_closed_case_takes_nothing_but_reopening() -> None:
    for step in set(Step) - {Step.REOPEN}:
        with pytest.raises(StepRefused, match="a case that is closed"):
            next_state(CaseState.CLOSED, step)


@pytest.mark.parametrize(("opened", "answered"), [("li", "hse"), ("wang", "li")])
def test_who_dispatched_or_answered_does_not_verify(opened: str, answered: str) -> None:
    with pytest.raises(StepRefused, match="another person has to verify"):
        check_four_eyes("li", opened_by=opened, answered_by=answered)
    check_four_eyes("zhao", opened_by=opened, answered_by=answered)


def test_worse_colours_have_shorter_deadlines() -> None:
    dues = [CasePolicy().due_us(colour, 0) for colour in Colour]
    assert all(a < b for a, b in itertools.pairwise(dues))
    assert CasePolicy.model_validate({"deadline": {"red": "30m"}}).due_us(Colour.RED, 5) == 1_800_000_005


PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("a.png", PNG, "image/png"),
        ("not-really.html", PNG, "image/png"),
        ("读数.csv", "时间,值\n1,2\n".encode(), "text/csv"),
        ("note", b"seen", "text/plain"),
        ("a.docx", b"PK\x03\x04....", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ],
)
def test_a_file_is_what_its_first_bytes_say(name: str, data: bytes, media_type: str) -> None:
    assert upload_of(name, data).media_type == media_type


@pytest.mark.parametrize(
    "data", [b"", b"<html><script>", b"<?xml version='1.0'?><svg/>", b"\xff\xfe\x00\x01", b"a\0b", b"MZ\x90\x00\xff"]
)
def test_what_a_browser_might_run_is_not_taken(data: bytes) -> None:
    with pytest.raises(UploadRefused):
        upload_of("a.txt", data)


@given(st.text(min_size=1, max_size=300))
def test_names_of_files_carry_no_paths_and_no_controls(name: str) -> None:
    clean = upload_of(name, b"text").name
    assert clean
    assert not set(clean) & set('\r\n\0"/\\')
