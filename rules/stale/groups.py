"""Which tags fall silent together, and for how long they have been silent, in arrays."""

from dataclasses import dataclass

import numpy as np

from park.index import TagInfo
from rules.arrays import NEVER, Bools, Ints, Rows
from rules.spec import StaleRule


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sets:
    """Sets of tags that are watched as one: all of a set have the same timeout and delay. Columns by set."""

    #: Of the device or the connector; empty for a tag without a device.
    name: list[str]
    #: Number of the connector.
    connector: Ints
    #: How many tags, or devices, there are in it.
    size: Ints
    #: Stale when nothing was heard for longer than this.
    timeout_us: Ints
    #: Alarm when nothing was heard for this long: timeout and delay.
    due_us: Ints
    #: ``due_us``, and at least a microsecond more than the timeout: stale is strictly longer.
    ready_us: Ints


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Members (tags with a timeout), groups (those of a device) and clusters (the groups of a connector).

    The members of a group stand side by side, so do the groups of a device, and the devices of a connector.
    """

    # By member.
    infos: list[TagInfo]
    tag: Ints
    group: Ints
    # By group.
    of: Sets
    start: Rows
    cluster: Ints
    device_first: Ints
    device_groups: Ints
    # By cluster.
    clusters: Sets
    #: How many there are.
    connectors: int

    def members_of(self, groups: Rows) -> tuple[Rows, Rows]:
        """The members of these groups, one after the other, and where those of each begin in that."""
        size = self.of.size[groups]
        offset = np.cumsum(size) - size
        members: Rows = np.arange(size.sum()) + np.repeat(self.start[groups] - offset, size)
        return members, offset

    def of_device(self, group: int) -> Rows:
        """The groups of the same device, this one among them."""
        first = int(self.device_first[group])
        return np.arange(first, first + int(self.device_groups[group]))

    def first_tag(self, group: int) -> str:
        """Id of its first tag, which is its name where it has no device."""
        first: TagInfo = self.infos[self.start[group]]
        return first.id


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Silence:
    """Since when nothing was heard, as of one advance."""

    #: By member: since the last usable sample or the baseline, whichever is later. By group and cluster: its latest.
    member_us: Ints
    group_us: Ints
    cluster_us: Ints
    #: The last usable sample alone.
    group_heard_us: Ints
    #: By group: it is not stale.
    fresh: Bools
    #: By group: it may be told of by itself, for it shares its cluster with none, or the connection is known to live.
    group_tellable: Bools
    #: By cluster: the connection is known to live, for something on it was heard after the cluster had gone stale.
    cluster_lives: Bools
    #: By connector: the last usable sample of any of its fresh groups.
    alive_us: Ints


def silence(groups: Groups, used_us: Ints, baseline_us: Ints, now_us: int) -> Silence:
    """``used_us`` by tag, ``baseline_us`` by member."""
    mine_us = used_us[groups.tag]
    member_us = np.maximum(mine_us, baseline_us)
    group_us = np.maximum.reduceat(member_us, groups.start)
    heard_us = np.maximum.reduceat(mine_us, groups.start)
    fresh = now_us - heard_us <= groups.of.timeout_us
    of, clusters = groups.of, groups.clusters
    cluster_us = latest(group_us, groups.cluster, len(clusters.name))
    alive_us = latest(heard_us[fresh], of.connector[fresh], groups.connectors)
    return Silence(
        member_us=member_us,
        group_us=group_us,
        cluster_us=cluster_us,
        group_heard_us=heard_us,
        fresh=fresh,
        group_tellable=(clusters.size[groups.cluster] == 1) | (alive_us[of.connector] > group_us + of.timeout_us),
        cluster_lives=alive_us[clusters.connector] > cluster_us + clusters.timeout_us,
        alive_us=alive_us,
    )


def latest(times_us: Ints, where: Ints, size: int) -> Ints:
    """The greatest of the times at each place; `NEVER` where there is none."""
    latest_us = np.full(size, NEVER, dtype=np.int64)
    np.maximum.at(latest_us, where, times_us)
    return latest_us


_Key = tuple[str, str, int, int]


def compile_groups(infos: list[TagInfo], rule: StaleRule) -> Groups:
    """Tags without a timeout are left out."""
    named: dict[_Key, list[TagInfo]] = {}
    for info in infos:
        timeout_us = info.tag.stale_after if rule.stale_after is None else rule.stale_after
        delay_us = info.tag.stale_delay if rule.stale_delay is None else rule.stale_delay
        if timeout_us is not None:
            # A tag without a device is a device and a connector by itself; no name of one begins like that.
            connector = info.from_.connector if info.from_ else f"\0{info.id}"
            named.setdefault((connector, info.device or connector, timeout_us, delay_us), []).append(info)
    # Park files may be put into another order; groups stay in this one.
    keys = sorted(named)
    cluster_keys = sorted({(connector, connector, timeout, delay) for connector, _, timeout, delay in keys})
    cluster_of = {key: number for number, key in enumerate(cluster_keys)}
    connector_of = {name: number for number, name in enumerate(sorted({key[0] for key in keys}))}
    cluster = np.array([cluster_of[key[0], key[0], key[2], key[3]] for key in keys], dtype=np.int64)
    size = np.array([len(named[key]) for key in keys], dtype=np.int64)
    devices = [key[:2] for key in keys]
    first_of = {device: at for at, device in reversed(list(enumerate(devices)))}
    device_first = np.array([first_of[device] for device in devices], dtype=np.int64)
    return Groups(
        infos=[info for key in keys for info in named[key]],
        tag=np.array([info.ix for key in keys for info in named[key]], dtype=np.int64),
        group=np.repeat(np.arange(len(keys)), size),
        of=_sets(keys, size, connector_of),
        start=(np.cumsum(size) - size).astype(np.intp),
        cluster=cluster,
        device_first=device_first,
        device_groups=np.bincount(device_first, minlength=len(keys))[device_first],
        clusters=_sets(cluster_keys, np.bincount(cluster, minlength=len(cluster_keys)), connector_of),
        connectors=len(connector_of),
    )


def _sets(keys: list[_Key], size: Ints, connector_of: dict[str, int]) -> Sets:
    timeout_us = np.array([key[2] for key in keys], dtype=np.int64)
    delay_us = np.array([key[3] for key in keys], dtype=np.int64)
    return Sets(
        name=["" if key[1].startswith("\0") else key[1] for key in keys],
        connector=np.array([connector_of[key[0]] for key in keys], dtype=np.int64),
        size=size,
        timeout_us=timeout_us,
        due_us=timeout_us + delay_us,
        ready_us=timeout_us + np.maximum(delay_us, 1),
    )
