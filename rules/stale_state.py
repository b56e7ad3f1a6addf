"""Takes the state of a stale rule out, and into another engine whose tags or timeouts may be others."""

import hashlib
from typing import Protocol

import numpy as np

from rules.arrays import NEVER, Bools, Columns, Ints, lines, text
from rules.kind import Saved
from rules.spec import StaleRule
from rules.stale_groups import Alerts, Groups
from rules.standing import LEVEL_NAMES, SIDES, Standing


class StaleState(Protocol):
    """What is saved of a `rules.kinds.stale.StaleKind`."""

    rule: StaleRule
    groups: Groups
    baseline_us: Ints
    of_tag: Alerts
    of_group: Alerts
    as_device: Bools

    @property
    def fingerprint(self) -> str: ...


def save_stale(kind: StaleState) -> Saved:
    """The baseline of every tag, and the alerts there have been."""
    groups = kind.groups
    tags, sets = np.flatnonzero(kind.of_tag.onset_us > NEVER), np.flatnonzero(kind.of_group.onset_us > NEVER)
    columns: Columns = {
        "tag": groups.tag,
        "baseline_us": kind.baseline_us,
        "of_tag.tag": groups.tag[tags],
        "of_group.key": text(groups.key(group) for group in sets.tolist()),
        "of_group.as_device": kind.as_device[sets],
    }
    for name, alerts, rows in (("of_tag", kind.of_tag, tags), ("of_group", kind.of_group, sets)):
        columns |= {f"{name}.{column}": getattr(alerts, column)[rows] for column in ("raised", "onset_us", "told_us")}
    return Saved(fingerprint=kind.fingerprint, columns=columns, standing=_standing(kind))


def load_stale(kind: StaleState, saved: Saved, moved: Ints) -> Bools:
    """See `rules.kinds.Kind.load`. Alerts of a device go to its group with the same timeouts, else to its first."""
    columns = saved.columns
    member_of = np.full(int(kind.groups.tag.max(initial=-1)) + 2, -1, dtype=np.int64)
    member_of[kind.groups.tag] = np.arange(len(kind.groups.tag))

    def members(old_tags: Ints) -> Ints:
        tag = moved[old_tags]
        return np.where((tag >= 0) & (tag < len(member_of)), member_of[np.minimum(tag, len(member_of) - 1)], -1)

    member = members(columns["tag"])
    kind.baseline_us[member[member >= 0]] = columns["baseline_us"][member >= 0]
    lone = members(columns["of_tag.tag"])
    # What is a group by itself now is never told of as a tag of a living group.
    lone[(lone >= 0) & (kind.groups.size[kind.groups.group[lone]] == 1)] = -1
    taken_tags = _take(kind.of_tag, "of_tag", columns, lone)
    sets = _groups(kind.groups, lines(columns["of_group.key"]), columns["of_group.raised"])
    kind.as_device[sets[sets >= 0]] = columns["of_group.as_device"][sets >= 0]
    return np.concatenate([taken_tags, _take(kind.of_group, "of_group", columns, sets)])


def _take(alerts: Alerts, prefix: str, columns: Columns, targets: Ints) -> Bools:
    known = targets >= 0
    for column in ("raised", "onset_us", "told_us"):
        getattr(alerts, column)[targets[known]] = columns[f"{prefix}.{column}"][known]
    return known[columns[f"{prefix}.raised"]]


def _groups(groups: Groups, keys: list[str], raised: Bools) -> Ints:
    by_key = {groups.key(group): group for group in range(len(groups.start))}
    by_name: dict[str, list[int]] = {}
    for key, group in by_key.items():
        by_name.setdefault(key.split("|")[0], []).append(group)
    found = np.array([by_key.get(key, -1) for key in keys], dtype=np.int64)
    taken = set(found.tolist())
    for row in np.flatnonzero((found < 0) & raised).tolist():
        free = [group for group in by_name.get(keys[row].split("|")[0], ()) if group not in taken]
        if free:
            found[row] = free[0]
            taken.add(free[0])
    return found


def stale_fingerprint(kind: StaleState) -> str:
    """Equal where the same tags have the same timeouts and devices."""
    digest = hashlib.sha256("\n".join(info.id for info in kind.groups.infos).encode())
    for column in (kind.groups.group, kind.groups.timeout_us, kind.groups.due_us):
        digest.update(column.tobytes())
    return digest.hexdigest()


def _standing(kind: StaleState) -> Standing:
    groups = kind.groups
    tags, sets = np.flatnonzero(kind.of_tag.raised).tolist(), np.flatnonzero(kind.of_group.raised).tolist()
    names = [groups.infos[member].id for member in tags]
    for group in sets:
        as_device = bool(kind.as_device[group])
        names.append(groups.device_name[group] if as_device else groups.infos[groups.start[group]].id)
    none = np.full(len(names), np.nan)
    return Standing(
        target=tuple(names),
        side=np.full(len(names), SIDES.index(""), dtype=np.uint8),
        level=np.full(len(names), LEVEL_NAMES.index(""), dtype=np.uint8),
        quality=np.full(len(names), 3, dtype=np.uint8),
        onset_us=np.concatenate([kind.of_tag.onset_us[tags], kind.of_group.onset_us[sets]]),
        told_us=np.concatenate([kind.of_tag.told_us[tags], kind.of_group.told_us[sets]]),
        value=none,
        limit=none,
        peak=none,
        unverified=np.zeros(len(names), dtype=np.bool_),
    )
