"""Kind ``stale``: no good data for too long, told once per device where that explains it.

Judged once per advance, as of ``now`` (docs: semantics 4). Tags of one device with the same timeout and delay make a
*group*, since they would fall silent together. A tag is *absent* since its last usable sample, or since the service
came up or the device came back, whichever is last. A group whose tags are all stale gets one alert, in the device's
name. A tag alone is only told of when its group is known to live: when a tag of it was heard after this one had gone
stale.
"""

from functools import cached_property

import numpy as np

from park.index import TagTable
from park.quality import Quality
from rules.arrays import FAR, NEVER, Bools, Ints, Rows
from rules.kind import Saved
from rules.memory import Memory
from rules.samples import Samples
from rules.spec import StaleRule
from rules.stale_groups import Alerts, Groups, compile_groups
from rules.stale_state import load_stale, save_stale, stale_fingerprint
from rules.stale_words import StaleWords
from rules.transition import Change, Transition


class StaleKind:
    """One stale rule, compiled. Columns by member (a tag of the rule that has a timeout) or by group."""

    def __init__(self, tags: TagTable, rule: StaleRule) -> None:
        self.rule = rule
        self.groups: Groups = compile_groups(rule.applies_to.pick(tags), rule)
        members, groups = len(self.groups.tag), len(self.groups.start)
        self._member_of = np.full(tags.size, -1, dtype=np.int64)
        self._member_of[self.groups.tag] = np.arange(members)
        #: Absence is not counted from before this.
        self.baseline_us: Ints = np.full(members, NEVER, dtype=np.int64)
        self.of_tag = Alerts(members)
        self.of_group = Alerts(groups)
        #: The group's alert bears the device's name, not that of its only tag.
        self.as_device: Bools = np.zeros(groups, dtype=np.bool_)
        self._wake_us = NEVER
        self._worst = Quality.UNCERTAIN if rule.uncertain == "evaluate" else Quality.GOOD
        self._words = StaleWords(rule.id, self.groups)

    def play(self, samples: Samples, memory: Memory) -> None:
        """Nothing: absence is judged once per advance."""

    def advance(self, now_us: int, samples: Samples | None, memory: Memory) -> list[Transition]:
        """See `rules.kind.Kind`."""
        if not len(self.groups.tag):
            return []
        if self._wake_us == NEVER:
            self.baseline_us[self.baseline_us == NEVER] = now_us
        told: list[Transition] = []
        if samples is not None or self._wake_us == NEVER:
            self._end(now_us, samples, memory, told)
        if self._wake_us <= now_us:
            self._begin(now_us, memory, told)
        return told

    def resume(self, now_us: int) -> None:
        """See `rules.kind.Kind`."""
        self.baseline_us = np.maximum(self.baseline_us, now_us)
        self._wake_us = NEVER

    # -- the end of alerts -------------------------------------------------------------------------------------------

    def _end(self, now_us: int, samples: Samples | None, memory: Memory, told: list[Transition]) -> None:
        """Alerts whose tag, or any tag of whose group, has fresh data."""
        groups, used_us = self.groups, self._used_us(memory)
        tags = np.flatnonzero(self.of_tag.raised)
        tags = tags[now_us - used_us[groups.tag[tags]] <= groups.timeout_us[groups.group[tags]]]
        silent = np.flatnonzero(self.of_group.raised)
        if len(silent):
            members, offset = groups.members_of(silent)
            heard_us = np.maximum.reduceat(used_us[groups.tag[members]], offset)
            silent = silent[now_us - heard_us <= groups.timeout_us[silent]]
        if len(tags) or len(silent):
            back_us = self._back_us(now_us, samples)
            for member in tags.tolist():
                self._end_tag(member, int(back_us[member]), now_us, told)
            for group in silent.tolist():
                members, _ = groups.members_of(np.array([group]))
                self._end_group(group, int(back_us[members].min()), now_us, told)
            self._wake_us = min(self._wake_us, now_us)

    def _end_tag(self, member: int, back_us: int, now_us: int, told: list[Transition]) -> None:
        at_us = max(back_us if back_us < FAR else now_us, int(self.of_tag.told_us[member]))
        told.append(self._words.tag(Change.CLEARED, member, self.of_tag, at_us, now_us))
        self.of_tag.raised[member] = False

    def _end_group(self, group: int, back_us: int, now_us: int, told: list[Transition]) -> None:
        at_us = max(back_us if back_us < FAR else now_us, int(self.of_group.told_us[group]))
        as_device = bool(self.as_device[group])
        told.append(self._words.group(Change.CLEARED, group, as_device, self.of_group, at_us, now_us))
        self.of_group.raised[group] = False
        if as_device:
            # The device is back: all its tags have their whole timeout from now on to be heard again.
            members, _ = self.groups.members_of(self.groups.of_device(group))
            self.baseline_us[members] = np.maximum(self.baseline_us[members], at_us)

    def _back_us(self, now_us: int, samples: Samples | None) -> Ints:
        """By member: time of the first of its new samples that is fresh; `FAR` where there is none."""
        back_us = np.full(len(self.groups.tag), FAR, dtype=np.int64)
        if samples is not None:
            member = self._member_of[samples.tag]
            timeout_us = self.groups.timeout_us[self.groups.group[member]]
            fresh = (member >= 0) & (samples.grade <= self._worst) & (now_us - samples.time_us <= timeout_us)
            # Written from the last to the first, so that the first stays.
            rows = np.flatnonzero(fresh)[::-1]
            back_us[member[rows]] = samples.time_us[rows]
        return back_us

    # -- the beginning of alerts -------------------------------------------------------------------------------------

    def _begin(self, now_us: int, memory: Memory, told: list[Transition]) -> None:
        groups = self.groups
        used_us = self._used_us(memory)[groups.tag]
        absent_us = np.maximum(used_us, self.baseline_us)
        silent_us = np.maximum.reduceat(absent_us, groups.start)
        heard_us = np.maximum.reduceat(used_us, groups.start)
        for group in self._silent_groups(silent_us, now_us).tolist():
            self._begin_group(group, silent_us, heard_us, now_us, told)
        for member in self._lone_tags(absent_us, heard_us, now_us).tolist():
            self._begin_tag(member, int(absent_us[member]), now_us, told)
        self._wake_us = self._next_wake_us(absent_us, silent_us)

    def _silent_groups(self, silent_us: Ints, now_us: int) -> Rows:
        """Groups whose alert is due, in the order in which they came due."""
        due = np.flatnonzero((silent_us + self.groups.ready_us <= now_us) & ~self.of_group.raised)
        order: Rows = due[np.argsort((silent_us + self.groups.due_us)[due], kind="stable")]
        return order

    def _begin_group(self, group: int, silent_us: Ints, heard_us: Ints, now_us: int, told: list[Transition]) -> None:
        groups, since_us = self.groups, int(silent_us[group])
        onset_us, at_us = since_us + int(groups.timeout_us[group]), since_us + int(groups.due_us[group])
        others = [other for other in groups.of_device(group).tolist() if other != group]
        if any(self._explains(other, int(heard_us[group])) for other in others):
            return
        lives = any(int(heard_us[other]) > onset_us for other in others)
        self.as_device[group] = bool(groups.device_name[group]) and not (lives and groups.size[group] == 1)
        self.of_group.begin(group, onset_us, at_us)
        as_device = bool(self.as_device[group])
        told.append(self._words.group(Change.RAISED, group, as_device, self.of_group, at_us, now_us))

    def _explains(self, other: int, heard_us: int) -> bool:
        """Whether the alert of another group, which has not been heard since, says that the whole device is silent."""
        return bool(self.of_group.raised[other] and self.as_device[other] and self.of_group.onset_us[other] >= heard_us)

    def _lone_tags(self, absent_us: Ints, heard_us: Ints, now_us: int) -> Rows:
        """Tags whose alert is due and whose group lives: it was heard after they had gone stale, and is not stale."""
        groups, group = self.groups, self.groups.group
        due = (absent_us + groups.ready_us[group] <= now_us) & ~self.of_tag.raised
        lives = now_us - heard_us <= groups.timeout_us
        return np.flatnonzero(due & lives[group] & (heard_us[group] > absent_us + groups.timeout_us[group]))

    def _begin_tag(self, member: int, absent_us: int, now_us: int, told: list[Transition]) -> None:
        group = int(self.groups.group[member])
        at_us = absent_us + int(self.groups.due_us[group])
        self.of_tag.begin(member, absent_us + int(self.groups.timeout_us[group]), at_us)
        told.append(self._words.tag(Change.RAISED, member, self.of_tag, at_us, now_us))

    def _next_wake_us(self, absent_us: Ints, silent_us: Ints) -> int:
        """Nothing can become due before; samples only put it off."""
        group = self.groups.group
        open_ = ~self.of_group.raised
        wake_us = int((silent_us + self.groups.ready_us)[open_].min(initial=FAR))
        several = ~self.of_tag.raised & open_[group] & (self.groups.size[group] > 1)
        return min(wake_us, int((absent_us + self.groups.ready_us[group])[several].min(initial=FAR)))

    def _used_us(self, memory: Memory) -> Ints:
        return memory.used_us if self._worst is Quality.UNCERTAIN else memory.good_us

    # -- another engine ----------------------------------------------------------------------------------------------

    @cached_property
    def fingerprint(self) -> str:
        """Equal where the same tags have the same timeouts and devices."""
        return stale_fingerprint(self)

    def save(self, memory: Memory) -> Saved:
        """See `rules.kind.Kind`."""
        return save_stale(self)

    def load(self, saved: Saved, moved: Ints) -> Bools:
        """See `rules.kind.Kind`."""
        self._wake_us = NEVER
        return load_stale(self, saved, moved)
