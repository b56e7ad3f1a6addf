"""Kind ``stale``: no good data for too long, told once per device or connection where that explains it.

Judged once per advance, as of ``now`` (docs: semantics 4). Tags of one device with the same timeout and delay make a
*group*, the groups of one connector with the same timeout and delay a *cluster*: they would fall silent together. A
group whose tags are all silent gets one alert in the device's name, a cluster whose devices are all silent one in the
connector's. Something alone is only told of when what it belongs to is known to live: heard after this had gone stale.
"""

from collections.abc import Collection, Sequence
from functools import cached_property

import numpy as np

from park.index import TagTable
from park.quality import Quality
from rules.arrays import FAR, NEVER, Bools, Ints, Rows
from rules.kind import Saved
from rules.memory import Memory
from rules.samples import Samples
from rules.spec import StaleRule
from rules.stale.alerts import Absence, Alerts, Book, Said
from rules.stale.groups import Groups, Sets, Silence, compile_groups, silence
from rules.stale.state import load_stale, save_stale, stale_fingerprint
from rules.transition import Transition


class StaleKind:
    """One stale rule, compiled. Columns by member (a tag of the rule that has a timeout), group or cluster."""

    def __init__(self, tags: TagTable, rule: StaleRule) -> None:
        self.rule = rule
        self.groups: Groups = compile_groups(rule.applies_to.pick(tags), rule)
        members = len(self.groups.tag)
        self._member_of = np.full(tags.size, -1, dtype=np.int64)
        self._member_of[self.groups.tag] = np.arange(members)
        #: Absence is not counted from before this.
        self.baseline_us: Ints = np.full(members, NEVER, dtype=np.int64)
        self.of_tag = Alerts(members)
        self.of_group = Alerts(len(self.groups.of.name))
        self.of_cluster = Alerts(len(self.groups.clusters.name))
        self.book = Book(rule.id)
        #: No alert can begin before this, unless one ends or a watched group is heard; `NEVER` where something but
        #: samples changed.
        self._wake_us = NEVER
        self._watched: Rows = np.empty(0, dtype=np.intp)
        self._watched_heard_us: Ints = np.empty(0, dtype=np.int64)
        self._worst = Quality.UNCERTAIN if rule.uncertain == "evaluate" else Quality.GOOD

    def play(self, samples: Samples, memory: Memory) -> None:
        """Nothing: absence is judged once per advance."""

    def advance(self, now_us: int, samples: Samples | None, memory: Memory) -> list[Transition]:
        """See `rules.kind.Kind`."""
        told: list[Transition] = []
        if len(self.groups.tag):
            if self._wake_us == NEVER:
                self.baseline_us[self.baseline_us == NEVER] = now_us
            if samples is not None or self._wake_us == NEVER:
                self._end(now_us, samples, memory, told)
            if self._wake_us <= now_us:
                self._begin(now_us, memory, told)
        return told

    @property
    def wake_us(self) -> int:
        """See `rules.kind.Sleeper`."""
        return self._wake_us if len(self.groups.tag) else FAR

    def resume(self, now_us: int) -> None:
        """See `rules.kind.Kind`."""
        self.baseline_us = np.maximum(self.baseline_us, now_us)
        self._wake_us = NEVER

    def set_back(self, now_us: int) -> None:
        """See `rules.kind.Kind`."""
        self.baseline_us = np.minimum(self.baseline_us, now_us)
        self._wake_us = NEVER

    def _used_us(self, memory: Memory) -> Ints:
        return memory.used_us if self._worst is Quality.UNCERTAIN else memory.good_us

    # -- the end of alerts -------------------------------------------------------------------------------------------

    def _end(self, now_us: int, samples: Samples | None, memory: Memory, told: list[Transition]) -> None:
        """Alerts of tags, groups and clusters that have fresh data."""
        groups, used_us = self.groups, self._used_us(memory)
        if (self._heard(self._watched, used_us) > self._watched_heard_us).any():
            self._wake_us = min(self._wake_us, now_us)
        tags = np.flatnonzero(self.of_tag.raised)
        tags = tags[now_us - used_us[groups.tag[tags]] <= groups.of.timeout_us[groups.group[tags]]]
        silent = np.flatnonzero(self.of_group.raised | self.of_cluster.raised[groups.cluster])
        back = silent[self._heard(silent, used_us) >= now_us - groups.of.timeout_us[silent]]
        if not len(tags) and not len(back):
            return
        back_us = self._back_us(now_us, samples)
        for member in tags.tolist():
            timeout_us = int(groups.of.timeout_us[groups.group[member]])
            told.append(self.book.end(self.of_tag, member, int(back_us[member]), timeout_us, now_us))
        for group in back[self.of_group.raised[back]].tolist():
            self._end_group(group, back_us, now_us, told)
        for cluster in np.unique(groups.cluster[back]).tolist():
            if self.of_cluster.raised[cluster]:
                self._end_cluster(cluster, back_us, now_us, told)
        self._wake_us = min(self._wake_us, now_us)

    def _heard(self, groups: Rows, used_us: Ints) -> Ints:
        if not len(groups):
            return np.empty(0, dtype=np.int64)
        members, offset = self.groups.members_of(groups)
        return np.maximum.reduceat(used_us[self.groups.tag[members]], offset)

    def _end_group(self, group: int, back_us: Ints, now_us: int, told: list[Transition]) -> None:
        members, _ = self.groups.members_of(np.array([group]))
        timeout_us = int(self.groups.of.timeout_us[group])
        told.append(self.book.end(self.of_group, group, int(back_us[members].min()), timeout_us, now_us))
        if self.of_group.target[group] == self.groups.of.name[group]:
            self._has_returned(self.groups.of_device(group), int(self.of_group.told_us[group]))

    def _end_cluster(self, cluster: int, back_us: Ints, now_us: int, told: list[Transition]) -> None:
        groups = self.groups
        members, _ = groups.members_of(np.flatnonzero(groups.cluster == cluster))
        timeout_us = int(groups.clusters.timeout_us[cluster])
        told.append(self.book.end(self.of_cluster, cluster, int(back_us[members].min()), timeout_us, now_us))
        connector = groups.clusters.connector[cluster]
        self._has_returned(np.flatnonzero(groups.of.connector == connector), int(self.of_cluster.told_us[cluster]))

    def _has_returned(self, groups: Rows, at_us: int) -> None:
        """A device or connection is back: all its tags have their whole timeout from now on to be heard again."""
        members, _ = self.groups.members_of(groups)
        self.baseline_us[members] = np.maximum(self.baseline_us[members], at_us)

    def _back_us(self, now_us: int, samples: Samples | None) -> Ints:
        """By member: time of the first of its new samples that is fresh; `FAR` where there is none."""
        back_us = np.full(len(self.groups.tag), FAR, dtype=np.int64)
        if samples is not None:
            member = self._member_of[samples.tag]
            timeout_us = self.groups.of.timeout_us[self.groups.group[member]]
            fresh = (member >= 0) & (samples.grade <= self._worst) & (now_us - samples.time_us <= timeout_us)
            # Written from the last to the first, so that the first stays.
            rows = np.flatnonzero(fresh)[::-1]
            back_us[member[rows]] = samples.time_us[rows]
        return back_us

    # -- the beginning of alerts -------------------------------------------------------------------------------------

    def _begin(self, now_us: int, memory: Memory, told: list[Transition]) -> None:
        groups = self.groups
        now = silence(groups, self._used_us(memory), self.baseline_us, now_us)
        said = Said(groups, self.of_group, self.of_cluster)
        for cluster in self._silent_clusters(now, now_us).tolist():
            news = ~(self.of_group.raised | said.of_groups(now)) & (groups.cluster == cluster)
            if news.any():
                told.append(self._begin_cluster(cluster, now, now_us))
                said.add_cluster(cluster, int(self.of_cluster.onset_us[cluster]))
        for group in self._silent_groups(now, now_us).tolist():
            if not said.of_group(group, now):
                told.append(self._begin_group(group, now, now_us))
                said.add_group(group, self.of_group)
        for member in self._lone_tags(now, now_us).tolist():
            absence = _absence(int(now.member_us[member]), groups.of, int(groups.group[member]))
            told.append(self.book.begin(self.of_tag, member, groups.infos[member].id, "no good data", absence, now_us))
        self._wake_us = self._next_wake_us(now, now_us, said)

    def _silent_clusters(self, now: Silence, now_us: int) -> Rows:
        """Those of several devices that are due, where nothing on their connector is known to live."""
        clusters = self.groups.clusters
        due = (now.cluster_us + clusters.ready_us <= now_us) & ~self.of_cluster.raised & (clusters.size > 1)
        return _by_time(np.flatnonzero(due & ~now.cluster_lives), now.cluster_us + clusters.due_us)

    def _begin_cluster(self, cluster: int, now: Silence, now_us: int) -> Transition:
        clusters = self.groups.clusters
        what = f"no good data from any of {clusters.size[cluster]} devices"
        absence = _absence(int(now.cluster_us[cluster]), clusters, cluster)
        return self.book.begin(self.of_cluster, cluster, clusters.name[cluster], what, absence, now_us)

    def _silent_groups(self, now: Silence, now_us: int) -> Rows:
        """Those that are due; if others share their cluster, only where something on the connector lives."""
        groups = self.groups
        due = (now.group_us + groups.of.ready_us <= now_us) & ~self.of_group.raised
        return _by_time(np.flatnonzero(due & now.group_tellable), now.group_us + groups.of.due_us)

    def _begin_group(self, group: int, now: Silence, now_us: int) -> Transition:
        groups = self.groups
        absence = _absence(int(now.group_us[group]), groups.of, group)
        others = [other for other in groups.of_device(group).tolist() if other != group]
        lives = any(now.group_heard_us[other] > absence.since_us + absence.timeout_us for other in others)
        size, target = int(groups.of.size[group]), groups.of.name[group]
        what = f"no good data from any of {size} tags"
        if size == 1:
            what = f"no good data from {groups.first_tag(group)}"
        if not target or (lives and size == 1):
            target, what = groups.first_tag(group), "no good data"
        return self.book.begin(self.of_group, group, target, what, absence, now_us)

    def _lone_tags(self, now: Silence, now_us: int) -> Rows:
        """Tags that are due and whose group lives: it was heard after they had gone stale, and is not stale."""
        group, of = self.groups.group, self.groups.of
        due = (now.member_us + of.ready_us[group] <= now_us) & ~self.of_tag.raised
        lives = now.fresh[group] & (now.group_heard_us[group] > now.member_us + of.timeout_us[group])
        return np.flatnonzero(due & lives)

    def _next_wake_us(self, now: Silence, now_us: int, said: Said) -> int:
        """Nothing can become due before; samples only put it off. Sees to it, too, that `_watched` is up to date."""
        groups, clusters = self.groups, self.groups.clusters
        group_ready_us, cluster_ready_us = now.group_us + groups.of.ready_us, now.cluster_us + clusters.ready_us
        untold = ~self.of_group.raised & (group_ready_us <= now_us)
        explained = untold & said.of_groups(now)
        # Not clear whether it died alone: nor will it be before something on its connector is heard.
        unclear = untold & ~explained & ~now.group_tellable
        self._watch(explained | np.isin(groups.of.connector, groups.of.connector[unclear]), now)
        open_ = ~(self.of_group.raised | explained | unclear)
        several = ~self.of_tag.raised & open_[groups.group] & (groups.of.size[groups.group] > 1)
        # A cluster that is due and has no alert is explained, or its groups are told of or explained each by itself.
        open_clusters = (clusters.size > 1) & (cluster_ready_us > now_us)
        return min(
            _earliest(cluster_ready_us, open_clusters),
            _earliest(group_ready_us, open_),
            _earliest(now.member_us + groups.of.ready_us[groups.group], several),
        )

    def _watch(self, groups: Bools, now: Silence) -> None:
        self._watched = np.flatnonzero(groups)
        self._watched_heard_us = now.group_heard_us[self._watched]

    # -- another engine ----------------------------------------------------------------------------------------------

    @cached_property
    def fingerprint(self) -> str:
        """Equal where the same tags have the same timeouts and devices."""
        return stale_fingerprint(self)

    def reset(self, alert_ids: Collection[str], now_us: int) -> None:
        """Nothing: communication alarms are never latched."""

    def save(self, memory: Memory) -> Saved:
        """See `rules.kind.Kind`."""
        return save_stale(self)

    def load(self, saved: Saved, moved: Ints, notes: list[str]) -> Bools:
        """See `rules.kind.Kind`."""
        if saved.rules != (self.rule.id,):
            return np.zeros(len(saved.standing), dtype=np.bool_)
        return load_stale(self, saved, moved)


def build_stale(tags: TagTable, rules: Sequence[StaleRule]) -> list[StaleKind]:
    """Each by itself: what is silent is told of in the name of devices and connections."""
    return [StaleKind(tags, rule) for rule in rules]


def _absence(since_us: int, sets: Sets, which: int) -> Absence:
    return Absence(since_us, int(sets.timeout_us[which]), int(sets.due_us[which]))


def _by_time(which: Rows, due_us: Ints) -> Rows:
    order: Rows = which[np.argsort(due_us[which], kind="stable")]
    return order


def _earliest(ready_us: Ints, which: Bools) -> int:
    return int(ready_us[which].min(initial=FAR))
