"""An engine without a snapshot: what stood goes on standing, with its identity, until data decide.

Nothing is known but the alerts themselves. Each is raised and unverified, as though its tag had gone bad: good data end
it or verify it, with the rule's delays; nothing else does. What ran and had not been raised begins anew.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from rules.arrays import Bools, Rows
from rules.bank.bank import Bank
from rules.bank.side import RAISED, Side
from rules.kind import Kind
from rules.kinds.stale import StaleKind
from rules.stale.alerts import Alerts
from rules.standing import LEVEL_NAMES, QUALITIES, SIDES, Standing

_NO_LEVEL = LEVEL_NAMES.index("")
_NO_SIDE = SIDES.index("")
_STALE = np.uint8(QUALITIES.index("stale"))


def adopt(kinds: Iterable[tuple[str, Kind]], standing: Standing, now_us: int) -> Bools:
    """Let the alerts stand in these kinds, which have seen nothing yet. True for those that have found their place."""
    taken = np.zeros(len(standing), dtype=np.bool_)
    for _, kind in kinds:
        if isinstance(kind, StaleKind):
            _adopt_silences(kind, standing, taken)
        elif isinstance(bank := getattr(kind, "bank", None), Bank):
            _adopt_alarms(bank, standing, now_us, taken)
    return taken


# -- what a bank holds -------------------------------------------------------------------------------------------------


def _adopt_alarms(bank: Bank, standing: Standing, now_us: int, taken: Bools) -> None:
    rule = np.array([bank.slots.rule_at.get(one, -1) for one in standing.rule], dtype=np.int64)
    slot = bank.slots.find(rule, standing.target)
    for side in bank.sides:
        name = side.name if bank.slots.sided else _NO_SIDE
        # Faults have no sides; theirs is the high one.
        on_side = (standing.side == name) & (bank.slots.sided or side is bank.high)
        rows = np.flatnonzero((slot >= 0) & on_side & ~taken)
        rows = rows[np.unique(slot[rows], return_index=True)[1]]
        _raise(bank, side, standing, rows, slot[rows], now_us)
        taken[rows] = side.level[slot[rows]] > 0
    bank.redraw(np.arange(len(bank)))


def _raise(bank: Bank, side: Side, standing: Standing, rows: Rows, slots: Rows, now_us: int) -> None:
    codes, level = bank.codes[side.name][:, slots], standing.level[rows]
    farther = (codes[1] == level) & (level != _NO_LEVEL)
    known = farther | (codes[0] == level) | (not bank.slots.sided)
    rows, slots, farther = rows[known], slots[known], farther[known]
    side.phase[0, slots] = RAISED
    side.phase[1, slots[farther]] = RAISED
    side.level[slots] = 1 + farther
    side.onset_us[slots] = standing.onset_us[rows]
    side.told_us[slots] = standing.told_us[rows]
    side.peak[slots] = np.where(np.isnan(standing.peak[rows]), -np.inf, side.sign * standing.peak[rows])
    side.unverified[slots] = standing.unverified[rows]
    side.latched[slots] = side.latch[slots]
    bank.quality[slots], bank.mark_us[slots] = _STALE, now_us
    bank.used_value[slots] = standing.value[rows]


# -- communication alarms ----------------------------------------------------------------------------------------------


def _adopt_silences(kind: StaleKind, standing: Standing, taken: Bools) -> None:
    groups = kind.groups
    clusters = [name if size > 1 else "" for name, size in zip(groups.clusters.name, groups.clusters.size, strict=True)]
    alone = [groups.first_tag(group) if groups.of.size[group] == 1 else "" for group in range(len(groups.of.name))]
    places = [
        *_free(kind.of_cluster, clusters),
        *_free(kind.of_group, groups.of.name),
        *_free(kind.of_group, alone),
        *_free(kind.of_tag, [info.id for info in groups.infos]),
    ]
    by_name: dict[str, list[tuple[Alerts, int]]] = {}
    for name, alerts, which in places:
        by_name.setdefault(name, []).append((alerts, which))
    for row in np.flatnonzero(~taken).tolist():
        target = standing.target[row]
        free = [one for one in by_name.get(target, ()) if not one[0].raised[one[1]]]
        if standing.rule[row] == kind.rule.id and free:
            alerts, which = free[0]
            alerts.raised[which], alerts.target[which] = True, target
            alerts.onset_us[which], alerts.told_us[which] = standing.onset_us[row], standing.told_us[row]
            kind.book.last_onset_us[target] = int(standing.onset_us[row])
            taken[row] = True


def _free(alerts: Alerts, names: Sequence[str]) -> Iterator[tuple[str, Alerts, int]]:
    return ((name, alerts, which) for which, name in enumerate(names) if name)
