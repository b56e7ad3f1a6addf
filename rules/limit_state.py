"""Takes the state of a limit rule out, and into another engine whose tags or limits may be others."""

import hashlib
from typing import Protocol

import numpy as np

from park.index import TagInfo
from rules.arrays import FAR, NEVER, Bools, Bytes, Columns, Floats, Ints, Rows
from rules.kind import Saved
from rules.levels import OFF, PENDING, RAISED, RELEASING, Side
from rules.spec import LimitRule
from rules.standing import LEVEL_NAMES, Standing, joined

_NO_LEVEL = len(LEVEL_NAMES) - 1


class LimitState(Protocol):
    """What is saved of a `rules.kinds.limit.LimitKind`."""

    rule: LimitRule
    infos: list[TagInfo]
    sides: tuple[Side, Side]
    names: tuple[tuple[list[str], list[str]], ...]
    tag_of: Rows
    slot_of: Rows
    timeout_us: Ints
    quality: Bytes
    mark_us: Ints
    used_us: Ints
    used_value: Floats
    active: Bools
    relimited: bool

    @property
    def fingerprint(self) -> str: ...


def save_limits(kind: LimitState) -> Saved:
    """Only tags of which there is something to tell."""
    slots = np.flatnonzero(kind.active)
    columns: Columns = {
        "tag": kind.tag_of[slots],
        "quality": kind.quality[slots],
        "mark_us": kind.mark_us[slots],
        "used_us": kind.used_us[slots],
        "used_value": kind.used_value[slots],
        "relimited": np.array([kind.relimited]),
    }
    for side in kind.sides:
        columns |= {f"{side.name.name}.{name}": column for name, column in _save_side(kind, side).items()}
    return Saved(
        fingerprint=kind.fingerprint,
        columns=columns,
        standing=joined([_standing(kind, side) for side in kind.sides]),
    )


def load_limits(kind: LimitState, saved: Saved, moved: Ints) -> Bools:
    """See `rules.kind.Kind.load`."""
    columns = saved.columns
    kind.relimited = bool(columns["relimited"][0]) or saved.fingerprint != kind.fingerprint
    known, slots = _where(kind, columns["tag"], moved)
    for name in ("quality", "mark_us", "used_us", "used_value"):
        getattr(kind, name)[slots] = columns[name][known]
    taken = []
    for side in kind.sides:
        prefix = f"{side.name.name}."
        mine = {name.removeprefix(prefix): column for name, column in columns.items() if name.startswith(prefix)}
        taken.append(_load_side(kind, side, mine, moved))
    return np.concatenate(taken)


def limit_fingerprint(kind: LimitState) -> str:
    """Equal where the same tags have the same limits and timeouts."""
    digest = hashlib.sha256(kind.rule.uncertain.encode())
    digest.update("\n".join(info.id for info in kind.infos).encode())
    digest.update(kind.timeout_us.tobytes())
    for side in kind.sides:
        for column in (side.limit, side.reset, side.on_delay_us, side.off_delay_us):
            digest.update(column.tobytes())
    return digest.hexdigest()


def _where(kind: LimitState, old_tag: Ints, moved: Ints) -> tuple[Bools, Rows]:
    """Which of the saved tags are still slots here, and which slots those are."""
    tag = moved[old_tag]
    slot = np.where(tag >= 0, kind.slot_of[tag], -1)
    return slot >= 0, slot[slot >= 0]


def _level_codes(kind: LimitState, side: Side, slots: Rows) -> Bytes:
    names = kind.names[side.name]
    return np.array(
        [[LEVEL_NAMES.index(names[level][slot]) for slot in slots.tolist()] for level in (0, 1)], dtype=np.uint8
    ).reshape(2, len(slots))


_SIDE_COLUMNS = ("phase", "since_us", "pending_peak", "onset_us", "peak", "told_us", "unverified", "level")


def _save_side(kind: LimitState, side: Side) -> Columns:
    slots = np.flatnonzero((side.onset_us > NEVER) | (side.phase != OFF).any(axis=0))
    columns: Columns = {name: getattr(side, name)[..., slots] for name in _SIDE_COLUMNS}
    # Without a delay that runs it is a left-over; equal states shall give equal bytes.
    running = (columns["phase"] == PENDING) | (columns["phase"] == RELEASING)
    columns["since_us"] = np.where(running, columns["since_us"], NEVER)
    return columns | {"tag": kind.tag_of[slots], "names": _level_codes(kind, side, slots)}


def _standing(kind: LimitState, side: Side) -> Standing:
    slots = np.flatnonzero(side.level > 0)
    level = side.level[slots] - 1
    codes = _level_codes(kind, side, slots)
    return Standing(
        target=tuple(kind.infos[slot].id for slot in slots.tolist()),
        side=np.full(len(slots), side.name, dtype=np.uint8),
        level=codes[level, np.arange(len(slots))],
        quality=kind.quality[slots],
        onset_us=side.onset_us[slots],
        told_us=side.told_us[slots],
        value=kind.used_value[slots],
        limit=0.0 + side.sign * side.limit[level, slots],
        peak=0.0 + side.sign * side.peak[slots],
        unverified=kind.quality[slots] != 0,
    )


def _load_side(kind: LimitState, side: Side, saved: Columns, moved: Ints) -> Bools:
    known, slots = _where(kind, saved["tag"], moved)
    for name in ("onset_us", "peak", "told_us", "unverified"):
        getattr(side, name)[slots] = saved[name][known]
    new_names = _level_codes(kind, side, slots)
    old_names, old_level = saved["names"][:, known], saved["level"][known]
    level = np.zeros(len(slots), dtype=np.uint8)
    for old in (0, 1):
        for new in (0, 1):
            same = (old_names[old] == new_names[new]) & (old_names[old] != _NO_LEVEL)
            for name in ("phase", "since_us", "pending_peak"):
                getattr(side, name)[new, slots[same]] = saved[name][old][known][same]
            level[same & (old_level == old + 1)] = new + 1
    _close(side, slots)
    raised = (side.phase[:, slots] >= RAISED).any(axis=0)
    # An alert whose level is gone but that stands at a lower one: 2 makes the next look at it tell LEVEL_DOWN.
    side.level[slots] = np.where(raised & (old_level > 0), np.where(level > 0, level, 2), 0)
    taken = np.zeros(len(saved["tag"]), dtype=np.bool_)
    taken[known] = raised & (old_level > 0)
    return taken[saved["level"] > 0]


def _close(side: Side, slots: Rows) -> None:
    """Set the delays running again, and see that a level which is new here stands if the one above it does."""
    phase, since = side.phase[:, slots], side.since_us[:, slots]
    opened = (phase[0] == OFF) & ((phase[1] == PENDING) | (phase[1] == RAISED))
    phase[0, opened], since[0, opened] = phase[1, opened], since[1, opened]
    side.pending_peak[0, slots[opened]] = side.pending_peak[1, slots[opened]]
    due = np.full(phase.shape, FAR, dtype=np.int64)
    due = np.where(phase == PENDING, since + side.on_delay_us[:, slots], due)
    due = np.where(phase == RELEASING, since + side.off_delay_us[:, slots], due)
    side.phase[:, slots], side.since_us[:, slots], side.due_us[:, slots] = phase, since, due
