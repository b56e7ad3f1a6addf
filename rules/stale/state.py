"""Takes the state of a stale rule out, and into another engine whose tags or timeouts may be others."""

import hashlib
from typing import Protocol

import numpy as np

from rules.arrays import Bools, Columns, Ints, lines, text
from rules.kind import Saved
from rules.spec import StaleRule
from rules.stale.alerts import Alerts, Book
from rules.stale.groups import Groups, Sets
from rules.standing import LEVEL_NAMES, QUALITIES, SIDES, Standing


class StaleState(Protocol):
    """What is saved of a `rules.kinds.stale.StaleKind`."""

    rule: StaleRule
    groups: Groups
    baseline_us: Ints
    of_tag: Alerts
    of_group: Alerts
    of_cluster: Alerts
    book: Book

    @property
    def fingerprint(self) -> str: ...


def save_stale(kind: StaleState) -> Saved:
    """The baseline of every tag, the alerts that stand, and the last onset of each target there has been."""
    groups = kind.groups
    last = sorted(kind.book.last_onset_us.items())
    columns: Columns = {
        "tag": groups.tag,
        "baseline_us": kind.baseline_us,
        "of_tag.tag": groups.tag[kind.of_tag.standing()],
        "of_group.key": text(_key(groups.of, group, groups) for group in kind.of_group.standing()),
        "of_cluster.key": text(_key(groups.clusters, cluster) for cluster in kind.of_cluster.standing()),
        "last.target": text(target for target, _ in last),
        "last.onset_us": np.array([onset_us for _, onset_us in last], dtype=np.int64),
    }
    return Saved(rules=(kind.rule.id,), fingerprints=(kind.fingerprint,), columns=columns, standing=_standing(kind))


def load_stale(kind: StaleState, saved: Saved, moved: Ints) -> Bools:
    """See `rules.kind.Kind.load`. An alert of a device goes to its group with the same timeouts, else to its first."""
    columns, standing, groups = saved.columns, saved.standing, kind.groups
    kind.book.last_onset_us = dict(zip(lines(columns["last.target"]), columns["last.onset_us"].tolist(), strict=True))
    member_of = np.full(int(max(groups.tag.max(initial=-1), moved.max(initial=-1))) + 2, -1, dtype=np.int64)
    member_of[groups.tag] = np.arange(len(groups.tag))
    member = member_of[np.append(moved, -1)[columns["tag"]]]
    kind.baseline_us[member[member >= 0]] = columns["baseline_us"][member >= 0]
    lone = member_of[np.append(moved, -1)[columns["of_tag.tag"]]]
    # What is a group by itself now is never told of as a tag of a living group.
    lone[(lone >= 0) & (groups.of.size[groups.group[lone]] == 1)] = -1
    group = _find(lines(columns["of_group.key"]), _keys(groups.of, groups))
    cluster = _find(lines(columns["of_cluster.key"]), _keys(groups.clusters))
    first, second = len(lone), len(lone) + len(group)
    for alerts, where, rows in (
        (kind.of_tag, lone, slice(0, first)),
        (kind.of_group, group, slice(first, second)),
        (kind.of_cluster, cluster, slice(second, None)),
    ):
        _take(alerts, where, standing, rows)
    return np.concatenate([lone, group, cluster]) >= 0


def _take(alerts: Alerts, where: Ints, standing: Standing, rows: slice) -> None:
    known = where[where >= 0]
    alerts.raised[known] = True
    alerts.onset_us[known] = standing.onset_us[rows][where >= 0]
    alerts.told_us[known] = standing.told_us[rows][where >= 0]
    for which, target in zip(where.tolist(), standing.target[rows], strict=True):
        if which >= 0:
            alerts.target[which] = target


def _key(sets: Sets, which: int, groups: Groups | None = None) -> str:
    """Names a group or cluster across engines."""
    name = sets.name[which] or (groups.first_tag(which) if groups else "")
    return f"{name}|{int(sets.timeout_us[which])}|{int(sets.due_us[which])}"


def _keys(sets: Sets, groups: Groups | None = None) -> list[str]:
    return [_key(sets, which, groups) for which in range(len(sets.name))]


def _find(keys: list[str], here: list[str]) -> Ints:
    """Where each key is here; where it is not, the first of the same name that is free; -1 where there is none."""
    place = {key: which for which, key in enumerate(here)}
    found = np.array([place.get(key, -1) for key in keys], dtype=np.int64)
    by_name: dict[str, list[int]] = {}
    for which in set(range(len(here))) - set(found.tolist()):
        by_name.setdefault(here[which].split("|")[0], []).append(which)
    for row in np.flatnonzero(found < 0).tolist():
        free = by_name.get(keys[row].split("|")[0])
        if free:
            found[row] = free.pop(free.index(min(free)))
    return found


def stale_fingerprint(kind: StaleState) -> str:
    """Equal where the same tags have the same timeouts and devices."""
    digest = hashlib.sha256("\n".join(info.id + info.device for info in kind.groups.infos).encode())
    for column in (kind.groups.group, kind.groups.of.timeout_us, kind.groups.of.due_us):
        digest.update(column.tobytes())
    return digest.hexdigest()


def _standing(kind: StaleState) -> Standing:
    """Alerts of tags, then of groups, then of clusters."""
    parts = [(alerts, alerts.standing()) for alerts in (kind.of_tag, kind.of_group, kind.of_cluster)]
    targets = tuple(alerts.target[which] for alerts, rows in parts for which in rows)
    none = np.full(len(targets), np.nan)
    return Standing(
        rule=(kind.rule.id,) * len(targets),
        target=targets,
        side=np.full(len(targets), SIDES.index(""), dtype=np.uint8),
        level=np.full(len(targets), LEVEL_NAMES.index(""), dtype=np.uint8),
        quality=np.full(len(targets), QUALITIES.index("stale"), dtype=np.uint8),
        onset_us=np.concatenate([alerts.onset_us[rows] for alerts, rows in parts]),
        told_us=np.concatenate([alerts.told_us[rows] for alerts, rows in parts]),
        value=none,
        limit=none,
        peak=none,
        unverified=np.zeros(len(targets), dtype=np.bool_),
    )
