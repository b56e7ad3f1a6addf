"""Takes the state of a bank out, and into another one whose rules, targets or limits may be others."""

import numpy as np

from rules.arrays import FAR, NEVER, Bools, Columns, Ints, Rows, lines, text
from rules.bank.bank import Bank
from rules.bank.side import OFF, PENDING, RAISED, RELEASING, Side
from rules.kind import Saved
from rules.standing import LEVEL_NAMES, SIDES, Standing, joined

_NO_LEVEL = len(LEVEL_NAMES) - 1
_BANK_COLUMNS = ("quality", "mark_us", "used_us", "used_value", "extra")
_SIDE_COLUMNS = ("phase", "since_us", "pending_peak", "onset_us", "peak", "told_us", "unverified", "latched", "level")


def save_bank(bank: Bank) -> Saved:
    """Only slots of which there is something to tell."""
    columns: Columns = {f"bank.{name}": column for name, column in keys(bank, np.flatnonzero(bank.active)).items()}
    for name in _BANK_COLUMNS:
        columns[f"bank.{name}"] = getattr(bank, name)[..., bank.active]
    columns |= {f"relimited.{name}": column for name, column in keys(bank, np.flatnonzero(bank.relimited)).items()}
    for side in bank.sides:
        columns |= {f"{side.name.name}.{name}": column for name, column in _save_side(bank, side).items()}
    return Saved(
        rules=bank.slots.rule_ids,
        fingerprints=bank.fingerprints,
        columns=columns,
        standing=joined([_standing(bank, side) for side in bank.sides]),
    )


def keys(bank: Bank, slots: Rows) -> Columns:
    """What names these slots in another bank: rule and target."""
    columns: Columns = {"rule": bank.slots.rule[slots]}
    if bank.slots.tag is not None:
        return columns | {"tag": bank.slots.tag[slots]}
    return columns | {"target": text(bank.slots.target[slot] for slot in slots.tolist())}


def find(bank: Bank, saved: Saved, columns: Columns, moved: Ints) -> Rows:
    """By saved slot, as `keys` named it: its slot here; -1 where it is not here."""
    here = bank.slots.rule_at
    rule = np.array([here.get(rule_id, -2) for rule_id in saved.rules], dtype=np.int64)[columns["rule"]]
    if bank.slots.tag is None:
        return bank.slots.find(rule, lines(columns["target"]))
    tag = np.append(moved, -1)[columns["tag"]]
    slot_of = np.append(bank.slots.slot_of(int(max(moved.max(initial=-1), bank.slots.tag.max(initial=-1))) + 1), -1)
    slot = np.where(tag >= 0, slot_of[tag], -1)
    found: Rows = np.where((slot >= 0) & (np.append(bank.slots.rule, -1)[slot] == rule), slot, -1)
    return found


def shares(bank: Bank, saved: Saved) -> bool:
    """Whether any rule of the bank is in ``saved``. Many layers are loaded from many: most have none in common."""
    return not bank.slots.rule_at.keys().isdisjoint(saved.rules)


def unchanged(bank: Bank, saved: Saved) -> Bools:
    """By slot: its rule means the same as that in ``saved``."""
    then = dict(zip(saved.rules, saved.fingerprints, strict=True))
    same = [
        then.get(rule_id) == fingerprint
        for rule_id, fingerprint in zip(bank.slots.rule_ids, bank.fingerprints, strict=True)
    ]
    return bank.slots.of_rules(same)


def load_bank(bank: Bank, saved: Saved, moved: Ints, *, relimit: bool = True) -> Bools:
    """See `rules.kind.Kind.load`. Without ``relimit`` the next value decides where limits have changed."""
    if not shares(bank, saved):
        return np.zeros(len(saved.standing), dtype=np.bool_)
    columns = saved.columns
    relimited = bank.relimited & relimit & ~unchanged(bank, saved)
    if relimit:
        again = find(bank, saved, _under(columns, "relimited."), moved)
        relimited[again[again >= 0]] = True
    bank.relimit_later(relimited)
    mine = _under(columns, "bank.")
    slot = find(bank, saved, mine, moved)
    for name in _BANK_COLUMNS:
        getattr(bank, name)[..., slot[slot >= 0]] = mine[name][..., slot >= 0]
    taken = [_load_side(bank, side, saved, moved) for side in bank.sides]
    bank.redraw(np.arange(len(bank)))
    return np.concatenate(taken)


def _under(columns: Columns, prefix: str) -> Columns:
    return {name.removeprefix(prefix): column for name, column in columns.items() if name.startswith(prefix)}


def _save_side(bank: Bank, side: Side) -> Columns:
    told = (side.onset_us > NEVER) | (side.phase != OFF).any(axis=0) | (side.hits_us > NEVER).any(axis=(0, 1))
    slots = np.flatnonzero(told)
    columns: Columns = {name: getattr(side, name)[..., slots] for name in _SIDE_COLUMNS}
    # Without a delay that runs it is a left-over; equal states shall give equal bytes.
    running = (columns["phase"] == PENDING) | (columns["phase"] == RELEASING)
    columns["since_us"] = np.where(running, columns["since_us"], NEVER)
    columns["latched"] = columns["latched"] & (columns["level"] > 0)
    columns["hits_us"] = side.hits_us[:, :, slots]
    return columns | keys(bank, slots) | {"names": bank.codes[side.name][:, slots]}


def _standing(bank: Bank, side: Side) -> Standing:
    slots = np.flatnonzero(side.level > 0)
    level = side.level[slots] - 1
    codes = bank.codes[side.name][:, slots]
    sided = bank.slots.sided
    none = np.full(len(slots), np.nan)
    return Standing(
        rule=tuple(bank.slots.rule_id[slot] for slot in slots.tolist()),
        target=tuple(bank.slots.target[slot] for slot in slots.tolist()),
        side=np.full(len(slots), side.name if sided else SIDES.index(""), dtype=np.uint8),
        level=codes[level, np.arange(len(slots))],
        quality=bank.quality[slots],
        onset_us=side.onset_us[slots],
        told_us=side.told_us[slots],
        value=bank.used_value[slots] if sided else none,
        limit=0.0 + side.sign * side.limit[level, slots] if sided else none,
        peak=0.0 + side.sign * side.peak[slots] if sided else none,
        unverified=bank.quality[slots] != 0,
    )


def _load_side(bank: Bank, side: Side, saved: Saved, moved: Ints) -> Bools:
    columns = _under(saved.columns, f"{side.name.name}.")
    found = find(bank, saved, columns, moved)
    known, slots = found >= 0, found[found >= 0]
    for name in ("onset_us", "peak", "told_us", "unverified", "latched"):
        getattr(side, name)[slots] = columns[name][known]
    depth = min(side.hits_us.shape[1], columns["hits_us"].shape[1])
    new_names = bank.codes[side.name][:, slots]
    old_names, old_level = columns["names"][:, known], columns["level"][known]
    level = np.zeros(len(slots), dtype=np.uint8)
    for old in (0, 1):
        for new in (0, 1):
            same = (old_names[old] == new_names[new]) & (old_names[old] != _NO_LEVEL)
            same |= (old == new) & (not bank.slots.sided)
            for name in ("phase", "since_us", "pending_peak"):
                getattr(side, name)[new, slots[same]] = columns[name][old][known][same]
            side.hits_us[new, :depth, slots[same]] = columns["hits_us"][old, :depth][:, known][:, same].T
            level[same & (old_level == old + 1)] = new + 1
    _close(side, slots)
    raised = (side.phase[:, slots] >= RAISED).any(axis=0)
    # An alert whose level is gone but that stands at a lower one: 2 makes the next look at it tell LEVEL_DOWN.
    side.level[slots] = np.where(raised & (old_level > 0), np.where(level > 0, level, 2), 0)
    taken = np.zeros(len(columns["rule"]), dtype=np.bool_)
    taken[known] = raised & (old_level > 0)
    return taken[columns["level"] > 0]


def _close(side: Side, slots: Rows) -> None:
    """Set the delays running again, and see that a level which is new here stands if the one above it does."""
    phase, since = side.phase[:, slots], side.since_us[:, slots]
    opened = (phase[0] == OFF) & ((phase[1] == PENDING) | (phase[1] == RAISED))
    phase[0, opened], since[0, opened] = phase[1, opened], since[1, opened]
    side.pending_peak[0, slots[opened]] = side.pending_peak[1, slots[opened]]
    due = np.full(phase.shape, FAR, dtype=np.int64)
    due = np.where(phase == PENDING, since + side.on_delay_us[:, slots], due)
    due = np.where(phase == RELEASING, side.release_us(slots, since), due)
    side.phase[:, slots], side.since_us[:, slots], side.due_us[:, slots] = phase, since, due
