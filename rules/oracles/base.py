"""What the oracles share: a sample as the rules see it, and what an oracle of one rule offers."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple, Protocol

from park.quality import Quality
from rules.transition import Transition


class Sample(NamedTuple):
    """One sample, measured or derived."""

    time: int
    value: float
    quality: Quality
    #: What an alarm without limits shows as its value.
    shown: float | None = None


class RuleOracle(Protocol):
    """One rule, one sample at a time."""

    def advance(self, now: int, played: Mapping[int, Sequence[Sample]]) -> list[Transition]:
        """``played``: by tag index, its samples that count, in order of time; none late, no two of one time."""

    def resume(self, now: int) -> None:
        """The service was away until now."""

    def reset(self, alert_ids: Collection[str], now: int) -> None:
        """Somebody has reset these alerts; comes before the `advance` of that moment."""
