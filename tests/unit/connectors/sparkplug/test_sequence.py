"""Gaps in seq, against counting what was sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.sparkplug.sequence import Sequence, Step


def _begun(seq: int = 0) -> Sequence:
    sequence = Sequence()
    sequence.begin(seq)
    return sequence


@given(st.integers(1, 2000))
def test_unbroken_counting_is_never_a_gap(count: int) -> None:
    sequence = _begun()
    assert {sequence.step((i + 1) % 256) for i in range(count)} == {Step.NEXT}
    assert sequence.is_whole


@given(st.integers(0, 255), st.integers(1, 254))
def test_any_loss_but_a_whole_round_is_seen(start: int, lost: int) -> None:
    sequence = _begun(start)
    assert sequence.step((start + 1 + lost) % 256) is Step.GAP
    assert not sequence.is_whole


@given(st.permutations(range(1, 12)))
def test_overtaken_messages_close_the_gap_when_they_come(order: list[int]) -> None:
    sequence = _begun()
    for seq in order:
        sequence.step(seq)
    assert sequence.is_whole
    assert sequence.step(12) is Step.NEXT


def test_a_message_that_was_sent_twice_is_no_gap() -> None:
    sequence = _begun()
    sequence.step(1)
    assert sequence.step(1) is Step.AGAIN
    assert sequence.step(2) is Step.NEXT


@pytest.mark.parametrize("lost", [17, 100, 250])
def test_a_long_gap_does_not_close_by_itself(lost: int) -> None:
    sequence = _begun()
    sequence.step(1 + lost)
    for seq in range(1, 1 + lost):
        sequence.step(seq)
    assert not sequence.is_whole


def test_a_device_that_overtook_its_edge_nodes_birth_is_no_gap() -> None:
    sequence = Sequence()
    assert sequence.step(2) is sequence.step(1) is Step.NEXT
    sequence.begin(0)
    assert sequence.step(3) is Step.NEXT
