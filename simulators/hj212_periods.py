"""The memory of a data logger: samples become minutes, minutes hours, hours days; what it keeps for who asks later."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from simulators.hj212_channels import Channel
from simulators.hj212_means import Mean, Sample, of_means, of_samples

MINUTE, HOUR, DAY = 2051, 2061, 2031
HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
#: Regulated hours and days are those of UTC+08:00.
_CHINA_US = 8 * HOUR_US
_HOURS_KEPT, _DAYS_KEPT = 400 * 24, 400

Means = Mapping[Channel, Mean]


class Closed(NamedTuple):
    """A period that is over."""

    cn: int
    start_us: int
    length_us: int
    means: Means


def start_of(time_us: int, length_us: int) -> int:
    """When the period began in which that moment lies."""
    return (time_us + _CHINA_US) // length_us * length_us - _CHINA_US


class Periods:
    """Of one logger."""

    def __init__(self, *, minute_us: int, sample_us: int, water: bool, minutes_kept: int) -> None:
        self.minute_us, self._sample_us, self._water = minute_us, sample_us, water
        self._start_us: int | None = None
        self._samples: dict[Channel, list[Sample]] = {}
        self._kept: dict[int, OrderedDict[int, Means]] = {cn: OrderedDict() for cn in (MINUTE, HOUR, DAY)}
        self._most = {MINUTE: minutes_kept, HOUR: _HOURS_KEPT, DAY: _DAYS_KEPT}

    def add(self, time_us: int, samples: Mapping[Channel, Sample]) -> list[Closed]:
        """Take one sample of each; the periods that ended before it."""
        closed: list[Closed] = []
        start_us = start_of(time_us, self.minute_us)
        if self._start_us is not None and start_us > self._start_us:
            closed = list(self._close(start_us))
        # A clock that was put back goes on in the minute it had begun.
        self._start_us = start_us if self._start_us is None else max(self._start_us, start_us)
        for channel, sample in samples.items():
            self._samples.setdefault(channel, []).append(sample)
        return closed

    def lasting(self, minute_us: int) -> None:
        """Minutes are so long from the next one on."""
        self.minute_us = minute_us

    def between(self, cn: int, from_us: int, to_us: int) -> list[Closed]:
        """Periods that began then, both ends included; oldest first."""
        length_us = {MINUTE: self.minute_us, HOUR: HOUR_US, DAY: DAY_US}[cn]
        return [
            Closed(cn, start_us, length_us, means)
            for start_us, means in self._kept[cn].items()
            if from_us <= start_us <= to_us
        ]

    def _close(self, next_us: int) -> Iterator[Closed]:
        assert self._start_us is not None
        began_us, samples = self._start_us, self._samples
        self._samples = {}
        expected = max(1, self.minute_us // self._sample_us)
        yield from self._keep(
            Closed(
                MINUTE,
                began_us,
                self.minute_us,
                {
                    channel: mean
                    for channel, taken in samples.items()
                    if (mean := of_samples(taken, expected=expected, water=self._water)) is not None
                },
            )
        )
        hour_us, day_us = start_of(began_us, HOUR_US), start_of(began_us, DAY_US)
        if start_of(next_us, HOUR_US) > hour_us:
            yield from self._gather(HOUR, MINUTE, hour_us, HOUR_US, max(1, HOUR_US // self.minute_us))
        if start_of(next_us, DAY_US) > day_us:
            yield from self._gather(DAY, HOUR, day_us, DAY_US, 24)

    def _gather(self, cn: int, of: int, start_us: int, length_us: int, expected: int) -> Iterator[Closed]:
        parts: dict[Channel, list[Mean]] = {}
        for one in self.between(of, start_us, start_us + length_us - 1):
            for channel, mean in one.means.items():
                parts.setdefault(channel, []).append(mean)
        means: dict[Channel, Mean] = {}
        for channel, known in parts.items():
            weighted = self._water and channel.is_concentration
            whole = of_means(known, expected=expected, water=self._water, weighted=weighted)
            if whole is not None:
                means[channel] = whole
        yield from self._keep(Closed(cn, start_us, length_us, means))

    def _keep(self, closed: Closed) -> Iterator[Closed]:
        if closed.means:
            kept = self._kept[closed.cn]
            kept[closed.start_us] = closed.means
            while len(kept) > self._most[closed.cn]:
                kept.popitem(last=False)
            yield closed
