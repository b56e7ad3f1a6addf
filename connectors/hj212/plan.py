"""What the values of one packet become, by its names alone: found once for each set of names that a logger sends."""

from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import NamedTuple

from connectors.hj212.codes import modern
from connectors.hj212.shape import Shape
from connectors.hj212.words import SUFFIXES
from park.index import TagInfo

REAL_TIME, STATES, INFORMATION = "2011", "2021", "3020"
MINUTE, HOUR, DAY, RUNNING_TIME = "2051", "2061", "2031", "2041"
PERIOD_CNS = frozenset({MINUTE, HOUR, DAY})
#: CNs that carry values.
DATA_CNS = frozenset({REAL_TIME, STATES, INFORMATION, RUNNING_TIME, *PERIOD_CNS})

_MEANS = ("Avg", "Min", "Max", "Cou", "ZsAvg", "ZsMin", "ZsMax")
#: Never numbers of their own.
_BESIDE = frozenset({"", "Flag", "EFlag", "SampleTime", "SN"})
_LATER = frozenset({*_MEANS, "Data", "DayData", "NightData"})
#: Of each CN, the suffixes whose values become samples; the empty set: all that say an instant's value.
_SAMPLED = {
    REAL_TIME: frozenset[str](),
    STATES: frozenset({"RS"}),
    INFORMATION: frozenset({"Info"}),
    RUNNING_TIME: frozenset({"RT"}),
    MINUTE: frozenset({*_MEANS, "Data"}),
    HOUR: frozenset({"-"}),
    DAY: frozenset({"DayData", "NightData"}),
}
_SUFFIX_OF = {suffix.lower(): suffix for suffix in SUFFIXES}
#: `itemgetter` gives a tuple from two places on.
_FEWEST_TOGETHER = 2
_MAX_PLANS, _MAX_UNMAPPED = 64, 200


class SampleStep(NamedTuple):
    """One value that becomes a sample. Places are those in the packet's values; -1: there is none."""

    place: int
    flag: int
    #: Its own time (``-SampleTime``).
    time: int
    tags: tuple[int, ...]
    name: str


class PeriodStep(NamedTuple):
    """The values of one pollutant that become a reported mean."""

    tags: tuple[int, ...]
    #: In the order of `park.periods.PeriodBatch`: avg, min, max, cou, zs_avg, zs_min, zs_max.
    places: tuple[int, ...]
    flag: int
    code: str


class Together(NamedTuple):
    """All samples of one packet at once, where none has a time of its own, and all have a data flag or none has."""

    texts: Callable[[list[str]], tuple[str, ...]]
    flags: Callable[[list[str]], tuple[str, ...]] | None
    tags: tuple[int, ...]


class Plan(NamedTuple):
    """All steps of one packet."""

    #: ``DataTime``; -1: there is none.
    time: int
    samples: tuple[SampleStep, ...]
    periods: tuple[PeriodStep, ...]
    #: The samples' steps in one; None: they must be taken one by one.
    together: Together | None


class DeviceTags:
    """The tags of one logger, by what it calls them."""

    def __init__(self, infos: Iterable[TagInfo]) -> None:
        self._sample_tags: dict[str, tuple[int, ...]] = {}
        self._period_tags: dict[str, tuple[int, ...]] = {}
        for info in infos:
            code, suffix = split_address(info.address)
            name = f"{code}-{suffix}"
            self._sample_tags[name] = (*self._sample_tags.get(name, ()), info.ix)
            if suffix == "Rtd":
                self._period_tags[code] = (*self._period_tags.get(code, ()), info.ix)
        for name, tags in self._sample_tags.items():  # a logger that reports means only: its mean's tag stands for it
            code, _, suffix = name.rpartition("-")
            if suffix == "Avg":
                self._period_tags.setdefault(code, tags)
        self._plans: dict[tuple[str, str, str, Shape], Plan] = {}
        #: Items with values that no tag takes.
        self.unmapped: set[str] = set()

    def plan(self, cn: str, st: str, about: str, shape: Shape) -> Plan:
        """``about``: the pollutant that a 3020 speaks of (PolId)."""
        key = (cn, st, about, shape)
        plan = self._plans.get(key)
        if plan is None:
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()
            plan = self._plans[key] = self._make(cn, st, about, shape)
        return plan

    def _make(self, cn: str, st: str, about: str, shape: Shape) -> Plan:
        by_code: dict[str, dict[str, int]] = {}
        for place, (code, suffix) in enumerate(shape.names):
            if suffix:
                by_code.setdefault(code, {})[suffix] = place
        samples: list[SampleStep] = []
        periods: list[PeriodStep] = []
        for code, mine in by_code.items():
            aliases = [alias for alias in (code, modern(st, code)) if alias]
            before = len(samples) + len(periods)
            samples += self._samples(cn, aliases, about, mine)
            periods += self._periods(cn, aliases, mine)
            if len(samples) + len(periods) == before and len(self.unmapped) < _MAX_UNMAPPED:
                self.unmapped.add(code)
        time = dict(shape.plain).get("DataTime", -1)
        return Plan(time, tuple(samples), tuple(periods), None if shape.broken else _together(samples))

    def _samples(self, cn: str, aliases: list[str], about: str, mine: dict[str, int]) -> Iterable[SampleStep]:
        wanted = _SAMPLED.get(cn)
        if wanted is None:
            return
        for suffix, place in mine.items():
            if suffix not in wanted if wanted else suffix in _BESIDE or suffix in _LATER:
                continue
            names = [f"{about}/{alias}-{suffix}" for alias in aliases if about] + [f"{one}-{suffix}" for one in aliases]
            tags = next((self._sample_tags[name] for name in names if name in self._sample_tags), ())
            if tags:
                sample_time = mine.get("SampleTime", -1) if cn == REAL_TIME else -1
                yield SampleStep(place, mine.get("Flag", -1), sample_time, tags, f"{aliases[0]}-{suffix}")

    def _periods(self, cn: str, aliases: list[str], mine: dict[str, int]) -> Iterable[PeriodStep]:
        places = tuple(mine.get(suffix, -1) for suffix in _MEANS)
        if cn not in PERIOD_CNS or max(places) < 0:
            return
        tags = next((self._period_tags[alias] for alias in aliases if alias in self._period_tags), ())
        if tags:
            yield PeriodStep(tags, places, mine.get("Flag", -1), aliases[0])


def _together(samples: list[SampleStep]) -> Together | None:
    one_each = [(step.place, step.flag, tag) for step in samples for tag in step.tags]
    flagged = {step.flag >= 0 for step in samples}
    if len(one_each) < _FEWEST_TOGETHER or len(flagged) > 1 or any(step.time >= 0 for step in samples):
        return None
    places, flags, tags = zip(*one_each, strict=True)
    return Together(itemgetter(*places), itemgetter(*flags) if True in flagged else None, tags)


def split_address(address: str) -> tuple[str, str]:
    """Code and suffix of a tag's address: ``a21026`` is ``a21026-Rtd``. ``w01018/i12001-Info``: of that analyser's."""
    code, _, suffix = address.strip().partition("-")
    return code, _SUFFIX_OF.get(suffix.lower(), suffix) if suffix else "Rtd"
