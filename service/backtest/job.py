"""One backtest from beginning to end: samples, rules on trial, rules held against, result."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

from park.columns import tag_finder
from park.index import TagTable
from rules.kpi.figures import KpiNorms
from rules.spec import DeviationRule, ExpressionRule, LimitRule, RuleSet, SequenceRule
from rules.transition import Transition
from service.api.times import rfc3339
from service.backtest import result
from service.backtest.ahead import read_ahead
from service.backtest.compare import compare
from service.backtest.found import Collector, Found
from service.backtest.reading import Reader
from service.backtest.run import TICK_US, Counts, Run, Trial, first_tick
from service.backtest.stored import StoredSamples
from service.backtest.ticks import Block, Tick, merged
from service.facts import lookup

#: (share that is done, or None where that cannot be told; time reached; counts)
Progress = Callable[[float | None, int, Counts], None]


class Source(Protocol):
    """Where the samples come from."""

    @property
    def done(self) -> float | None:
        """Share that has been read."""

    def ticks(self, tick_us: int) -> Iterator[Tick]:
        """All samples in order of time."""

    def close(self) -> None:
        """No more are wanted."""


class _Blocks:
    """Ticks of blocks that are read ahead in a thread, from when they are first asked for."""

    def __init__(self, blocks: Iterator[Block]) -> None:
        self._blocks = blocks
        self._ahead: Generator[Block] | None = None

    def ticks(self, tick_us: int) -> Iterator[Tick]:
        """In order of time."""
        self._ahead = read_ahead(self._blocks)
        for block in self._ahead:
            yield from block.ticks(tick_us)

    def close(self) -> None:
        """End the thread."""
        if self._ahead is not None:
            self._ahead.close()


class Files:
    """Recordings; see `Reader`."""

    def __init__(
        self,
        readers: Sequence[Reader],
        tags: TagTable,
        *,
        names: Mapping[str, str] | None = None,
        from_us: int | None = None,
        to_us: int | None = None,
    ) -> None:
        """``names``: tag ids of columns that are named otherwise (of a park made from them)."""
        finder = dict(tag_finder(tags)) | {column: tags.ix_of[tag_id] for column, tag_id in (names or {}).items()}
        self._readers = readers
        self._parts = [_Blocks(reader.blocks(finder, from_us, to_us)) for reader in readers]

    @property
    def done(self) -> float | None:
        """See `Source`: of all files together."""
        known = [share for reader in self._readers if (share := reader.done) is not None]
        return sum(known) / len(known) if len(known) == len(self._readers) else None

    @property
    def unmatched(self) -> list[str]:
        """Columns that are no tag of the park."""
        return [name for reader in self._readers for name in reader.unmatched]

    def ticks(self, tick_us: int) -> Iterator[Tick]:
        """See `Source`."""
        if len(self._parts) == 1:
            return self._parts[0].ticks(tick_us)
        begins_us = [reader.begins_us() for reader in self._readers]
        opened = [partial(part.ticks, tick_us) for part in self._parts]
        return merged(zip(begins_us, opened, strict=True))

    def close(self) -> None:
        """See `Source`."""
        for part in self._parts:
            part.close()


class Stored:
    """What TimescaleDB holds; see `StoredSamples`."""

    def __init__(self, samples: StoredSamples) -> None:
        self._samples = samples
        self._part = _Blocks(samples.blocks())

    @property
    def done(self) -> float | None:
        """See `Source`."""
        return self._samples.done

    def ticks(self, tick_us: int) -> Iterator[Tick]:
        """See `Source`."""
        return self._part.ticks(tick_us)

    def close(self) -> None:
        """See `Source`."""
        self._part.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What is tried on what."""

    tags: TagTable
    rules: RuleSet
    #: The rules held against; None: none.
    against: RuleSet | None = None
    #: None: where the samples begin and end.
    from_us: int | None = None
    to_us: int | None = None
    tick_us: int = TICK_US
    #: Let so much time pass after the end, so that what is due by then is seen.
    settle_us: int = 0
    norms: KpiNorms = field(default_factory=KpiNorms)


def run_job(
    job: Job,
    source: Source,
    *,
    tell: Callable[[Sequence[Transition]], None] = lambda told: None,
    on_progress: Progress = lambda done, now_us, counts: None,
    is_cancelled: Callable[[], bool] = lambda: False,
) -> dict[str, Any]:
    """The result, as plain data; ``tell`` gets the transitions of the rules on trial as they are found.

    Raises `service.backtest.run.Cancelled`, and whatever reading may raise.
    """
    with closing(source):
        begin_us, ticks = first_tick(source.ticks(job.tick_us), job.tick_us)
        start_us = job.from_us if job.from_us is not None else begin_us
        if start_us is None:
            raise NoSamples("there are no samples in this span")
        start_us = start_us // job.tick_us * job.tick_us
        after, before = Collector(lookup(job.tags, job.rules)), None

        def take(told: list[Transition]) -> None:
            after.take(told)
            tell(told)

        trials = [Trial(job.tags, job.rules, start_us, take)]
        if job.against is not None:
            before = Collector(lookup(job.tags, job.against))
            trials.append(Trial(job.tags, job.against, start_us, before.take))
        run = Run(
            trials=trials,
            tick_us=job.tick_us,
            on_progress=lambda now_us, counts: on_progress(source.done, now_us, counts),
            is_cancelled=is_cancelled,
        )
        end_us = run.play(ticks, job.to_us, job.settle_us)
        on_progress(1.0, end_us, run.counts)
    return _result(job, run.counts, after, before.alerts if before else None, start_us, end_us)


class NoSamples(ValueError):
    """Nothing to try the rules on."""


def _result(
    job: Job, counts: Counts, after: Collector, before: list[Found] | None, start_us: int, end_us: int
) -> dict[str, Any]:
    told: dict[str, Any] = {
        "from": rfc3339(start_us),
        "to": rfc3339(end_us),
        "rules": len(job.rules.rules),
        "unconfirmed_rules": [one.id for one in job.rules.rules if not one.is_confirmed],
        "tags": len(job.tags),
        "samples": counts.samples,
        "rows": counts.ticks + counts.idle,
        "transitions": after.transitions,
        "alerts": len(after.alerts),
        "by_rule": result.by_rule(job.rules, after.alerts, end_us),
        "by_source": result.by_source(after.alerts, end_us),
        "kpi": result.key_figures(after.alerts, start_us, end_us, job.norms),
        "against": None,
    }
    if before is not None:
        told["against"] = result.difference(compare(before, after.alerts))
    return told


def wanted_tags(tags: TagTable, *rule_sets: RuleSet) -> list[str]:
    """Full ids of the tags whose samples these rules can look at; all of them where a rule may name any."""
    wanted: set[str] = set()
    for rule in (rule for rules in rule_sets for rule in rules.rules):
        if _names_others(rule):
            return [info.id for info in tags.infos]
        wanted.update(info.id for info in rule.applies_to.pick(tags))
    return [info.id for info in tags.infos if info.id in wanted]


def _names_others(rule: object) -> bool:
    if isinstance(rule, LimitRule):
        return rule.limits_from is not None
    if isinstance(rule, DeviationRule):
        return rule.reference is not None
    return isinstance(rule, (ExpressionRule, SequenceRule))
