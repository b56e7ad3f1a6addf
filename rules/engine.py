"""The rule engine: samples in, transitions out. Its contract is `deploy/docs/semantics.md`."""

from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

import numpy as np

from park.batch import SampleBatch
from park.index import TagTable
from rules.adopt import adopt
from rules.arrays import FAR, NEVER, Bools, Bytes, Columns, Ints, lines, text
from rules.kind import Kind, Saved, Sleeper
from rules.kinds import KINDS
from rules.memory import Latest, Memory
from rules.samples import Refused, Samples, Sorter
from rules.snapshot import Snapshot
from rules.spec import RuleSet
from rules.standing import Standing, joined, none_standing
from rules.transition import Transition

_GONE = "rule or tag removed"


@dataclass(slots=True, kw_only=True)
class Counts:
    """Samples since the engine began (a snapshot carries them on)."""

    #: Evaluated.
    taken: int = 0
    #: Older than the newest sample of their tag: they never touch an alarm.
    late: int = 0
    #: The same time as another sample of their tag.
    duplicate: int = 0
    #: Of a tag that is not in the park.
    unknown: int = 0


class Engine:
    """All rules over all tags. Feed it `step`, move its clock with `advance`; it knows no other time.

    The same calls give the same transitions, byte for byte; how samples are split into batches between two
    `advance` calls, and in which order they come, makes no difference.
    """

    def __init__(self, tags: TagTable, rules: RuleSet) -> None:
        self.tags = tags
        self.rules = rules
        self.counts = Counts()
        self._kinds: list[tuple[str, Kind]] = [
            (name, kind)
            for name, build in KINDS.items()
            for kind in build(tags, [rule for rule in rules.rules if rule.kind == name])
        ]
        self._memory = Memory(tags)
        self._sorter = Sorter(tags.in_use)
        self._waiting: list[SampleBatch] = []
        self._now_us = NEVER
        #: Alerts of rules or tags that are gone, to be ended at the next advance.
        self._orphans = none_standing()
        #: Alerts that somebody has reset since the last advance.
        self._resets: list[str] = []
        #: For people: what could not be taken over when the state was restored, and begins anew.
        self.notes: list[str] = []

    @property
    def now_us(self) -> int:
        """The clock: the greatest time handed to `advance` or `resume`; `rules.arrays.NEVER` before the first."""
        return self._now_us

    @property
    def wake_us(self) -> int:
        """An `advance` without samples to an earlier time tells nothing, and makes no difference to any later one."""
        if self._waiting or self._resets or len(self._orphans) or self._sleepers is None:
            return NEVER
        return min((kind.wake_us for kind in self._sleepers), default=FAR)

    @cached_property
    def _sleepers(self) -> list[Sleeper] | None:
        """All kinds; None where one of them does not know when time alone may change something for it."""
        sleepers: list[Sleeper] = [kind for _, kind in self._kinds if isinstance(kind, Sleeper)]
        return sleepers if len(sleepers) == len(self._kinds) else None

    @property
    def latest(self) -> Latest:
        """The newest sample of each tag, by tag index; a copy."""
        return self._memory.latest()

    @property
    def stale(self) -> Bools:
        """``(size,)`` by tag index: has a timeout, and no usable sample within it, as of the last `advance`."""
        return self._memory.stale(self._now_us)

    def step(self, batch: SampleBatch) -> None:
        """Take samples, in any order. They are evaluated by the next `advance`."""
        if len(batch):
            self._waiting.append(batch)

    def advance(self, now_us: int) -> list[Transition]:
        """Evaluate what was stepped, then let time pass to ``now_us`` (epoch µs; an earlier one leaves the clock be).

        Returns all transitions, sorted by (effective time, rule id, target, side, order of happening).
        """
        self._now_us = now_us = max(now_us, self._now_us)
        told: list[Transition] = []
        if len(self._orphans):
            told, self._orphans = self._orphans.cleared(now_us, _GONE), none_standing()
        samples = self._sorted()
        if samples is not None:
            for _, kind in self._kinds:
                kind.play(samples, self._memory)
            self._memory.learn(samples)
        if self._resets:
            self._do_resets(now_us)
        for _, kind in self._kinds:
            told.extend(kind.advance(now_us, samples, self._memory))
        return in_order(told)

    def reset(self, alert_id: str) -> None:
        """Somebody has reset an alert that is latched: it ends with the next `advance`, if its condition is over."""
        self._resets.append(alert_id)

    def _do_resets(self, now_us: int) -> None:
        asked, self._resets = frozenset(self._resets), []
        for _, kind in self._kinds:
            kind.reset(asked, now_us)

    def resume(self, now_us: int) -> None:
        """The service was (re)started at ``now_us``: silence while it was away raises no communication alarm."""
        self._now_us = max(now_us, self._now_us)
        for _, kind in self._kinds:
            kind.resume(self._now_us)

    def set_back(self, now_us: int) -> None:
        """The clock had been ahead and was put right: the only way in which it goes back.

        What was raised because of it stays until data decide; silence is measured anew.
        """
        if now_us < self._now_us:
            self._now_us = now_us
            for _, kind in self._kinds:
                kind.set_back(now_us)

    def _sorted(self) -> Samples | None:
        if not self._waiting:
            return None
        waiting, self._waiting = self._waiting, []
        samples, refused = self._sorter.sort(waiting, self._memory.time_us)
        self._count(samples, refused)
        return samples

    def _count(self, samples: Samples | None, refused: Refused) -> None:
        self.counts.taken += 0 if samples is None else len(samples)
        self.counts.late += refused.late
        self.counts.duplicate += refused.duplicate
        self.counts.unknown += refused.unknown

    # -- snapshots ---------------------------------------------------------------------------------------------------

    def snapshot(self) -> bytes:
        """The whole state, by tag id and rule id. Equal states give equal bytes."""
        ix = np.array([info.ix for info in self.tags.infos], dtype=np.int64)
        columns: Columns = {"ids": self._ids, "ix": ix}
        columns |= {f"memory.{name}": column for name, column in self._memory.save(ix).items()}
        columns |= {f"waiting.{name}": column for name, column in self._saved_waiting().items()}
        kinds = []
        for number, (name, kind) in enumerate(self._kinds):
            saved = kind.save(self._memory)
            kinds.append([name, saved.rules, saved.fingerprints])
            columns |= {f"kind{number}.{key}": column for key, column in saved.columns.items()}
            columns |= {f"alerts{number}.{key}": column for key, column in saved.standing.to_columns().items()}
        columns |= {f"orphans.{key}": column for key, column in self._orphans.to_columns().items()}
        facts = {
            "now_us": self._now_us,
            "counts": [self.counts.taken, self.counts.late, self.counts.duplicate, self.counts.unknown],
            "kinds": kinds,
            "resets": self._resets,
        }
        return Snapshot(facts, columns).to_bytes()

    def restore(self, data: bytes) -> None:
        """Go on from a snapshot, into an engine that has seen nothing yet. Park and rules may be others now.

        What is still there keeps its state. Alerts whose rule or tag is gone are ended at the next `advance`; values
        are held against limits that have moved, also then. Raises BadSnapshot, and the engine is as before.
        """
        snapshot = Snapshot.from_bytes(data)
        facts = snapshot.facts
        ix = snapshot.columns["ix"]
        moved = self._moved(snapshot.columns["ids"], ix)
        self._now_us = facts["now_us"]
        self.counts = Counts(**dict(zip(("taken", "late", "duplicate", "unknown"), facts["counts"], strict=True)))
        self._memory.load(_under(snapshot.columns, "memory."), moved[ix])
        self._waiting = _unwaiting(_under(snapshot.columns, "waiting."), moved)
        self._resets = list(facts["resets"])
        orphans = [Standing.from_columns(_under(snapshot.columns, "orphans."))]
        under = _by_prefix(snapshot.columns)
        for number, (name, rule_ids, fingerprints) in enumerate(facts["kinds"]):
            standing = Standing.from_columns(under.get(f"alerts{number}", {}))
            saved = Saved(
                rules=tuple(rule_ids),
                fingerprints=tuple(fingerprints),
                columns=under.get(f"kind{number}", {}),
                standing=standing,
            )
            taken = np.zeros(len(standing), dtype=np.bool_)
            for kind in (kind for mine, kind in self._kinds if mine == name):
                taken |= kind.load(saved, moved, self.notes)
            orphans.append(standing.take(~taken))
        self._orphans = joined(orphans)

    def adopt(self, standing: Standing, now_us: int) -> None:
        """Go on without a snapshot, in an engine that has seen nothing yet: all that is known is which alerts stood.

        They stand, unverified, until data decide; those whose rule or tag is gone are ended at the next `advance`.
        """
        self._now_us = max(self._now_us, now_us)
        self._orphans = joined([self._orphans, standing.take(~adopt(self._kinds, standing, now_us))])

    def _saved_waiting(self) -> Columns:
        if not self._waiting:
            return {}
        waiting = {name: np.concatenate([getattr(batch, name) for batch in self._waiting]) for name in _WAITING}
        tag, in_use = waiting["tag"], self.tags.in_use
        known = (tag >= 0) & (tag < len(in_use))
        known[known] = in_use[tag[known]]
        return waiting | {"tag": np.where(known, tag, -1)}

    @cached_property
    def _ids(self) -> Bytes:
        return text(info.id for info in self.tags.infos)

    def _moved(self, ids: Bytes, old_ix: Ints) -> Ints:
        """By old tag index: the index that the tag has now, -1 where it is gone."""
        here = self.tags.ix_of
        moved = np.full(int(old_ix.max(initial=-1)) + 1, -1, dtype=np.int64)
        same = np.array_equal(ids, self._ids)
        moved[old_ix] = list(here.values()) if same else [here.get(tag_id, -1) for tag_id in lines(ids)]
        return moved


def in_order(told: list[Transition]) -> list[Transition]:
    """Sorts in place by (effective time, rule, target, side); what is equal in these stays in order of happening."""
    # One attribute after the other, the last first: far fewer comparisons of strings than with tuples of all four.
    for attribute in ("side", "target", "rule", "effective_us"):
        told.sort(key=attrgetter(attribute))
    return told


def _under(columns: Columns, prefix: str) -> Columns:
    return {name.removeprefix(prefix): column for name, column in columns.items() if name.startswith(prefix)}


def _by_prefix(columns: Columns) -> dict[str, Columns]:
    found: dict[str, Columns] = {}
    for name, column in columns.items():
        prefix, _, rest = name.partition(".")
        found.setdefault(prefix, {})[rest] = column
    return found


_WAITING = ("tag", "time_us", "value", "quality")


def _unwaiting(columns: Columns, moved: Ints) -> list[SampleBatch]:
    if not columns:
        return []
    tag = columns["tag"]
    tag = np.where(tag >= 0, np.append(moved, -1)[tag], -1)
    return [SampleBatch(tag=tag, **{name: columns[name] for name in _WAITING[1:]}, received_us=0, origin="snapshot")]
