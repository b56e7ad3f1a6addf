"""A rule alone, played over stored samples as they were received."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from park.index import TagTable
from park.model import Park
from rules.spec import AnyRule, RuleSet
from rules.transition import Change, Transition
from service.alerts.model import Alert
from service.backtest.run import Run, Trial
from service.backtest.ticks import LongBlock, Tick, tick_end
from service.explain.needed import part_of

#: ``exact``: the very same alert. ``near``: the same alarm, but its onset is not the same microsecond. ``other``: the
#: rule says nothing of the kind now. ``gone``: the store has no sample of that time any more.
Proof = Literal["exact", "near", "other", "gone"]
#: A replay has at most about so many rows; longer spans get longer ticks.
_MOST_ROWS = 5_000
_NEAR_US = 60_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Heard:
    """Stored samples of several tags, ``(n,)`` each, in order of time."""

    #: Place in ``tag_ids``.
    tag: NDArray[np.int32]
    time_us: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.uint8]
    #: When each was received.
    received_us: NDArray[np.int64]
    tag_ids: Sequence[str]

    def __len__(self) -> int:
        return len(self.tag)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What the replay found."""

    proof: Proof
    #: Of this alert (or the one that is near).
    transitions: list[Transition]
    tick_us: int
    #: Of other alerts of the rule and target in that time.
    others: int


def replay(park: Park, rule: AnyRule, alert: Alert, heard: Heard, span_us: tuple[int, int]) -> Replayed:
    """Raises ValueError where the rule cannot be evaluated in this park."""
    if not len(heard):
        return Replayed(proof="gone", transitions=[], tick_us=0, others=0)
    tags = TagTable(part_of(park, set(heard.tag_ids)))
    begin_us, end_us = span_us
    tick_us = tick_end(max(1_000_000, (end_us - begin_us) // _MOST_ROWS), 1_000_000)
    told: list[Transition] = []
    # Dates of validity do not matter: it was in force when it raised.
    rules = RuleSet(rules=(rule.model_copy(update={"valid_from": None, "valid_to": None}),))
    trial = Trial(tags, rules, begin_us // tick_us * tick_us, told.extend)
    Run(trials=[trial], tick_us=tick_us).play(_as_received(heard, tags.ix_of, tick_us), end_us - 1, 0)
    return _proof(alert, told, tick_us)


def _as_received(heard: Heard, ix_of: Mapping[str, int], tick_us: int) -> Iterator[Tick]:
    """Rows as they came: cut by the time at which samples were received, not by their own."""
    order = np.argsort(heard.received_us, kind="stable")
    here = np.array([ix_of[tag_id] for tag_id in heard.tag_ids], dtype=np.int32)
    tag, value, quality = here[heard.tag[order]], heard.value[order], heard.quality[order]
    time_us, begin = heard.time_us[order], 0
    for end_us, batch in LongBlock(tag, heard.received_us[order], value, quality).ticks(tick_us):
        until = begin + len(batch)
        yield end_us, replace(batch, time_us=time_us[begin:until])
        begin = until


def _proof(alert: Alert, told: Sequence[Transition], tick_us: int) -> Replayed:
    mine = [one for one in told if (one.target, one.side) == (alert.target, alert.side)]
    raised = [one for one in mine if one.change is Change.RAISED]
    proof: Proof = "exact"
    found = next((one for one in raised if one.alert_id == alert.id), None)
    if found is None:
        proof = "near"
        found = min(raised, key=lambda one: abs(one.onset_us - alert.onset_us), default=None)
        if found is None or abs(found.onset_us - alert.onset_us) > max(_NEAR_US, 2 * tick_us):
            return Replayed(proof="other", transitions=[], tick_us=tick_us, others=len(raised))
    own = [one for one in mine if one.alert_id == found.alert_id]
    return Replayed(proof=proof, transitions=own, tick_us=tick_us, others=len(raised) - 1)
