"""Which tags fall silent together, and the communication alerts that stand, in arrays."""

from dataclasses import dataclass

import numpy as np

from park.index import TagInfo
from rules.arrays import NEVER, Bools, Ints, Rows
from rules.spec import StaleRule


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Members (tags with a timeout), those of a group side by side; the groups of a device side by side, too.

    ``tag``, ``group`` are by member; the rest by group.
    """

    infos: list[TagInfo]
    tag: Ints
    group: Ints
    #: First member of each group.
    start: Rows
    size: Ints
    #: Stale when nothing was heard for longer than this.
    timeout_us: Ints
    #: Alarm when nothing was heard for this long: timeout and delay.
    due_us: Ints
    #: ``due_us``, and at least a microsecond more than the timeout: stale is strictly longer.
    ready_us: Ints
    #: Empty where the tag has no device: then it is a group by itself.
    device_name: list[str]
    #: Number of each group's device, and its first group and how many it has.
    device: Ints
    device_first: Ints
    device_groups: Ints

    def members_of(self, groups: Rows) -> tuple[Rows, Rows]:
        """The members of these groups, one after the other, and where those of each begin in that."""
        size = self.size[groups]
        offset = np.cumsum(size) - size
        members: Rows = np.arange(size.sum()) + np.repeat(self.start[groups] - offset, size)
        return members, offset

    def of_device(self, group: int) -> Rows:
        """The groups of the same device, this one among them."""
        first = int(self.device_first[group])
        return np.arange(first, first + int(self.device_groups[group]))

    def key(self, group: int) -> str:
        """Names the group across engines."""
        name = self.device_name[group] or self.infos[self.start[group]].id
        delay_us = int(self.due_us[group] - self.timeout_us[group])
        return f"{name}|{int(self.timeout_us[group])}|{delay_us}"


class Alerts:
    """The alerts of a number of targets, at most one each. Columns by target."""

    def __init__(self, size: int) -> None:
        self.raised: Bools = np.zeros(size, dtype=np.bool_)
        #: Stays after the alert, so that the next one's is greater.
        self.onset_us: Ints = np.full(size, NEVER, dtype=np.int64)
        #: Effective time of the newest transition.
        self.told_us: Ints = np.full(size, NEVER, dtype=np.int64)

    def begin(self, target: int, onset_us: int, effective_us: int) -> None:
        """Raise one."""
        self.raised[target] = True
        self.onset_us[target] = max(onset_us, int(self.onset_us[target]) + 1)
        self.told_us[target] = effective_us


def compile_groups(infos: list[TagInfo], rule: StaleRule) -> Groups:
    """Tags without a timeout are left out."""
    by_device: dict[str, dict[tuple[int, int], list[TagInfo]]] = {}
    for info in infos:
        timeout_us = info.tag.stale_after if rule.stale_after is None else rule.stale_after
        delay_us = info.tag.stale_delay if rule.stale_delay is None else rule.stale_delay
        if timeout_us is not None:
            by_timeouts = by_device.setdefault(info.device or f"\0{info.id}", {})
            by_timeouts.setdefault((timeout_us, delay_us), []).append(info)
    # Files may be put in another order; groups stay in this one.
    groups = [
        (number, device, key, members)
        for number, (device, by_timeouts) in enumerate(sorted(by_device.items()))
        for key, members in sorted(by_timeouts.items())
    ]
    members = [info for *_, infos_of in groups for info in infos_of]
    size = np.array([len(infos_of) for *_, infos_of in groups], dtype=np.int64)
    device = np.array([number for number, *_ in groups], dtype=np.int64)
    timeouts_us = np.array([key[0] for _, _, key, _ in groups], dtype=np.int64)
    delays_us = np.array([key[1] for _, _, key, _ in groups], dtype=np.int64)
    return Groups(
        infos=members,
        tag=np.array([info.ix for info in members], dtype=np.int64),
        group=np.repeat(np.arange(len(groups)), size),
        start=(np.cumsum(size) - size).astype(np.intp),
        size=size,
        timeout_us=timeouts_us,
        due_us=timeouts_us + delays_us,
        ready_us=timeouts_us + np.maximum(delays_us, 1),
        device_name=["" if name.startswith("\0") else name for _, name, _, _ in groups],
        device=device,
        device_first=np.searchsorted(device, device).astype(np.int64),
        device_groups=np.bincount(device, minlength=len(by_device))[device] if len(device) else device,
    )
