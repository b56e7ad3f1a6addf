"""A slow, plain reading of SEMANTICS.md's limit and stale alarms, to judge scenarios by; one sample at a time."""

from dataclasses import dataclass, field

from park.index import TagInfo
from park.model import Level, Limit
from park.quality import CLASS_MASK, Quality
from simulators.frame import Frame
from simulators.world import World

_HIGH = (Level.H, Level.HH)


@dataclass
class Raised:
    """An alert as far as a scenario speaks of it."""

    target: str
    side: str | None
    level: Level | None
    onset_us: int
    cleared: bool = False
    unverified: bool = False


@dataclass
class _Condition:
    """One level of one tag."""

    began_us: int | None = None
    ended_us: int | None = None
    raised: bool = False


@dataclass
class Oracle:
    """Feed it frames in order; ``raised`` holds what an operator would have been shown."""

    world: World
    raised: list[Raised] = field(default_factory=list)
    _conditions: dict[tuple[str, Level], _Condition] = field(default_factory=dict)
    _open: dict[tuple[str, str], Raised] = field(default_factory=dict)
    _good_us: dict[str, int] = field(default_factory=dict)
    _stale: dict[str, Raised] = field(default_factory=dict)

    def see(self, frame: Frame) -> None:
        for info in self.world.table.infos:
            good = frame.present[info.ix] and frame.quality[info.ix] & CLASS_MASK != Quality.BAD
            if good:
                self._good_us[info.id] = int(frame.time_us[info.ix])
                self._judge(info, float(frame.value[info.ix]), int(frame.time_us[info.ix]))
            elif frame.present[info.ix]:
                for side in ("high", "low"):
                    if (info.id, side) in self._open:
                        self._open[info.id, side].unverified = True
        self._devices(frame.now_us)

    def _judge(self, info: TagInfo, value: float, time_us: int) -> None:
        alarms = info.tag.alarms
        if alarms is None:
            return
        for level, limit in alarms.limits():
            delays = tuple(
                shared if own is None else own
                for own, shared in ((limit.on_delay, alarms.on_delay), (limit.off_delay, alarms.off_delay))
            )
            deadband = alarms.deadband if limit.deadband is None else limit.deadband
            self._level(info, level, _beyond(level, limit, deadband, value), delays, time_us)

    def _level(self, info: TagInfo, level: Level, beyond: bool | None, delays: tuple[int, ...], time_us: int) -> None:
        one = self._conditions.setdefault((info.id, level), _Condition())
        if beyond and (one.began_us is None or one.ended_us is not None):
            one.began_us = time_us if not one.raised else one.began_us
            one.ended_us = None
        elif beyond is False and one.began_us is not None and one.ended_us is None:
            one.ended_us = time_us
            if not one.raised:
                one.began_us = one.ended_us = None
        if one.began_us is not None and not one.raised and time_us >= one.began_us + delays[0]:
            one.raised = True
            self._raise(info, level, one.began_us)
        if one.raised and one.ended_us is not None and time_us >= one.ended_us + delays[1]:
            one.raised, one.began_us, one.ended_us = False, None, None
            self._clear(info, level)

    def _raise(self, info: TagInfo, level: Level, onset_us: int) -> None:
        side = "high" if level in _HIGH else "low"
        known = self._open.get((info.id, side))
        if known is None:
            known = self._open[info.id, side] = Raised(info.id, side, level, onset_us)
            self.raised.append(known)
        elif level in (Level.HH, Level.LL):
            known.level = level

    def _clear(self, info: TagInfo, level: Level) -> None:
        side = "high" if level in _HIGH else "low"
        levels = (Level.H, Level.HH) if side == "high" else (Level.L, Level.LL)
        if not any(self._conditions.get((info.id, one), _Condition()).raised for one in levels):
            self._open.pop((info.id, side)).cleared = True

    def _devices(self, now_us: int) -> None:
        silent: dict[str, int] = {}
        for info in self.world.table.infos:
            tag = info.tag
            if tag.stale_after is None:
                continue
            since = self._good_us.get(info.id, self.world.start_us) + tag.stale_after
            if now_us > since + tag.stale_delay:
                silent.setdefault(info.device, since)
        for device, since in silent.items():
            if device not in self._stale:
                self._stale[device] = Raised(device, None, None, since)
                self.raised.append(self._stale[device])
        for device in [one for one in self._stale if one not in silent]:
            self._stale.pop(device).cleared = True


def _beyond(level: Level, limit: Limit, deadband: float, value: float) -> bool | None:
    """True: the condition begins or goes on; False: it ends; None: between limit and deadband, as it was."""
    sign = 1.0 if level in _HIGH else -1.0
    if sign * (value - limit.limit) > 0:
        return True
    return False if sign * (value - limit.limit) <= -deadband else None
