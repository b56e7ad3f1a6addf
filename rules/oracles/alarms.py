"""The executable specification of alarms on one number over time: levels, delays, marks. See `rules.oracles.oracle`."""

from collections.abc import Collection, Mapping, Sequence
from math import isfinite

from park.model import Alarms, Level, Limit
from park.quality import Quality
from rules.oracles.base import Sample
from rules.spec import AnyRule
from rules.transition import Change, Transition, alert_id


class TargetAlarms:
    """The alarms of one target under one rule: what is known of its number, and its two sides."""

    def __init__(
        self, rule: AnyRule, target: str, alarms: Alarms, timeout: int | None = None, *, sided: bool = True
    ) -> None:
        """``sided`` False: the number is 1 where a fault is there, and its alarm has neither side, level nor limit."""
        self.target = target
        self.rule = rule
        self.timeout = timeout
        self.sided = sided
        self.now = 0
        #: ``good``, ``uncertain``, ``bad``, ``stale``; anything but good is a mark [2.6].
        self.quality = "good"
        self.mark_since = 0
        self.used: Sample | None = None
        self.told: list[Transition] = []
        self._resets: Collection[str] = ()
        self.sides = [
            SideAlarm(self, "high", 1, _latches(alarms, 1, (Level.H, Level.HH))),
            SideAlarm(self, "low", -1, _latches(alarms, -1, (Level.L, Level.LL))),
        ]

    @staticmethod
    def fault(rule: AnyRule, target: str, timeout: int | None = None) -> "TargetAlarms":
        """Of a number that is 1 or 0, with the rule's delays."""
        alarms = Alarms(H=Limit(limit=0.5)).model_copy(
            update={"on_delay": getattr(rule, "on_delay", 0), "off_delay": getattr(rule, "off_delay", 0)}
        )
        return TargetAlarms(rule, target, alarms, timeout, sided=False)

    def reset(self, alert_ids: Collection[str], now: int) -> None:
        """A latched alert whose conditions are over ends with its off-delay, or now [3.13]."""
        self._resets = alert_ids

    def advance(
        self, now: int, samples: Sequence[Sample], moved: Mapping[str, float] | None = None
    ) -> list[Transition]:
        """One advance of this tag. ``moved``: limits that are others after its samples, by level [3.14]."""
        self.now, self.told = now, []
        for sample in samples:
            self._pass_time(sample.time)  # [1.4]
            self._play(sample)
        for side in self.sides:
            side.reset(self._resets, now)
        self._resets = ()
        self._pass_time(now)
        if moved:
            self._move(moved)
        for side in self.sides:
            side.tell_mark()
        return self.told

    def _play(self, sample: Sample) -> None:
        bad = sample.quality is Quality.BAD or not isfinite(sample.value)  # [2.2]
        bad |= sample.quality is Quality.UNCERTAIN and getattr(self.rule, "uncertain", "") == "bad"  # [2.1]
        self._learn("bad" if bad else sample.quality.name.lower(), sample.time)
        if bad:
            self._hold()
            return
        self.used = sample
        for side in self.sides:
            side.evaluate(sample.time, sample.value)

    def _move(self, moved: Mapping[str, float]) -> None:
        """The value that is known is held against the limits as they are now, as though measured now [3.14]."""
        for side in self.sides:
            for latch in side.latches:
                latch.limit = side.sign * moved.get(latch.name, side.sign * latch.limit)
        if self.used is not None and self.quality not in ("bad", "stale"):
            for side in self.sides:
                side.evaluate(self.now, self.used.value, measured=False)

    def _pass_time(self, until: int) -> None:
        """Every delay that is over by then, one instant after the other; staleness after what is due with it."""
        while True:
            due = min((due for side in self.sides for due in side.dues()), default=None)
            stale = self._goes_stale()
            if due is not None and due <= until and (stale is None or due <= stale):
                for side in self.sides:
                    side.fire(due)
            elif stale is not None and stale < until:
                self._learn("stale", stale)
                self._hold()
            else:
                return

    def _goes_stale(self) -> int | None:
        """[2.3]"""
        timeout = self.timeout
        if timeout is None or self.used is None or self.quality in ("bad", "stale"):
            return None
        return self.used.time + timeout

    def _learn(self, quality: str, since: int) -> None:
        if (quality == "good") != (self.quality == "good"):
            self.mark_since = since
        self.quality = quality

    def _hold(self) -> None:
        """[2.4]: every running off-delay is cancelled, as though the condition had not ended."""
        for side in self.sides:
            running = [place for place, latch in enumerate(side.latches) if latch.ended is not None]
            for latch in side.latches[: max(running, default=-1) + 1]:  # [3.6]
                latch.stands, latch.raised, latch.ended = True, True, None
            if running:
                side.latch_again()


class Latch:
    """One level: does its condition stand, is it raised, does a delay run? Values are mirrored on the low side."""

    def __init__(self, name: str, limit: float, deadband: float, on_delay: int, off_delay: int) -> None:
        self.name = name
        self.limit = limit
        self.deadband = deadband
        self.on_delay = on_delay
        self.off_delay = off_delay
        self.stands = False
        self.raised = False
        #: When the condition began [3.2], and its most extreme value until the level is raised.
        self.began = 0
        self.peak = 0.0
        #: When the condition ended, while the off-delay runs [3.4].
        self.ended: int | None = None
        #: Times of the values beyond the limit while the condition has not begun, the newest last [3.12].
        self.hits: list[int] = []

    def due(self, side: "SideAlarm") -> int | None:
        """When the running delay is over."""
        if self.stands and not self.raised:
            return self.began + self.on_delay
        if self.ended is None or side.latched:
            return None
        return max(self.ended + self.off_delay, side.reset_at)

    def often_enough(self, time: int, count: int, within: int) -> bool:
        """A value is beyond the limit at ``time``: is it the ``count``-th within the time [3.12]?"""
        self.hits = [*self.hits[-(count - 1) :], time] if count > 1 else [time]
        return len(self.hits) == count and self.hits[0] >= time - within


class SideAlarm:
    """One side of one tag: one alert, whose level is that of the farthest raised latch [3.5]."""

    def __init__(self, tag: TargetAlarms, name: str, sign: int, latches: list[Latch]) -> None:
        self.tag = tag
        self.name = name
        self.sign = sign
        #: Nearest limit first.
        self.latches = latches
        #: Of the alert; None: there is none.
        self.level: int | None = None
        #: Stays after the alert: the next one's is greater [3.8].
        self.onset = -1
        self.peak = 0.0
        self.last_told = 0
        self.mark = False
        #: The alert stays until somebody resets it, and when somebody did [3.13].
        self.latched = False
        self.reset_at = 0

    def reset(self, alert_ids: Collection[str], now: int) -> None:
        """See `TargetAlarms.reset`."""
        back = alert_ids and self.level is not None and not any(latch.stands for latch in self.latches)
        if back and self.latched and self.alert_id() in alert_ids:
            self.latched, self.reset_at = False, now

    def alert_id(self) -> str:
        """Of the alert that stands."""
        return alert_id(self.tag.rule.id, self.tag.target, self.name if self.tag.sided else "", self.onset)

    def dues(self) -> list[int]:
        """The instants at which delays are over."""
        return [due for latch in self.latches if (due := latch.due(self)) is not None]

    def latch_again(self) -> None:
        """What is back must be reset anew [3.13]."""
        self.latched, self.reset_at = bool(getattr(self.tag.rule, "latch", False)), 0

    def evaluate(self, time: int, value: float, measured: bool = True) -> None:
        """Hold one usable value against the limits, the farthest first. One not ``measured`` does not count [3.12]."""
        x = self.sign * value
        count, within = getattr(self.tag.rule, "count", 1), getattr(self.tag.rule, "within", None) or 0
        farther_stands = False
        for latch in reversed(self.latches):
            beyond = x > latch.limit  # [3.1]
            if beyond and not (latch.stands or latch.raised):
                beyond = latch.often_enough(time, count, within) if measured else count == 1
            stands = beyond or (latch.stands and x > latch.limit - latch.deadband)
            farther_stands = stands = stands or farther_stands  # [3.6]
            if stands and not latch.stands:
                self._begin(latch, time, x)
            elif latch.stands and not stands:
                latch.ended = time if latch.raised else None
            latch.stands = stands
            latch.peak = max(latch.peak, x)
        self.peak = max(self.peak, x)
        self._raise_under()
        self.fire(time)

    def _begin(self, latch: Latch, time: int, x: float) -> None:
        latch.hits = []
        if latch.raised:
            latch.ended = None  # a return during the off-delay continues the alert [3.4]
            self.latch_again()
        else:
            latch.began, latch.peak = time, x

    def fire(self, time: int) -> None:
        """End all delays that are over at this instant, and tell how the level moved in sum [1.5]."""
        for latch in self.latches:
            if latch.due(self) == time:
                latch.raised, latch.ended = not latch.raised, None
        self._raise_under()
        raised = [place for place, latch in enumerate(self.latches) if latch.raised]
        old, new = self.level, max(raised, default=None)
        if old == new:
            return
        if old is None and new is not None:
            self.level, self.onset = new, max(self.latches[new].began, self.onset + 1)
            self.peak, self.mark = self.latches[new].peak, self.tag.quality != "good"
            self.last_told = self.onset  # never raised before it began [3.8]
            self.latch_again()
            self.tell(Change.RAISED, time)
        elif old is not None and new is None:
            self.tell(Change.CLEARED, time)
            self.level = None
        elif old is not None and new is not None:
            self.level = new
            self.tell(Change.LEVEL_UP if new > old else Change.LEVEL_DOWN, time)

    def _raise_under(self) -> None:
        """A condition that stands under a raised level is raised with it, silently [3.7]."""
        above = False
        for latch in reversed(self.latches):
            if above and latch.stands:
                latch.raised = True
            above = above or latch.raised

    def tell_mark(self) -> None:
        """[2.6]"""
        mark = self.tag.quality != "good"
        if self.level is not None and mark != self.mark:
            self.mark = mark
            self.tell(Change.UNVERIFIED if mark else Change.VERIFIED, self.tag.mark_since)

    def tell(self, change: Change, time: int) -> None:
        """A transition; its effective time is never before the alert's last one [1.6]."""
        assert self.level is not None
        assert self.tag.used is not None
        latch = self.latches[self.level]
        self.last_told = max(time, self.last_told)
        sided = self.tag.sided
        if not sided and change in (Change.LEVEL_UP, Change.LEVEL_DOWN):
            return  # a fault that is two things, one graver than the other, is one alert [10.4]
        self.tag.told.append(
            Transition(
                alert_id=self.alert_id(),
                change=change,
                rule=self.tag.rule.id,
                target=self.tag.target,
                side=self.name if sided else "",
                level=latch.name if sided else "",
                onset_us=self.onset,
                effective_us=self.last_told,
                detected_us=self.tag.now,
                value=self.tag.used.value if sided else self.tag.used.shown,
                limit=self.sign * latch.limit + 0.0 if sided else None,
                peak=self.sign * self.peak + 0.0 if sided else None,
                quality=self.tag.quality,
                unverified=self.tag.quality != "good",
                why="",
            )
        )


def _latches(alarms: Alarms, sign: int, nearest_first: tuple[Level, Level]) -> list[Latch]:
    given: dict[Level, Limit] = dict(alarms.limits())
    return [
        Latch(
            level.value,
            sign * limit.limit,
            alarms.deadband if limit.deadband is None else limit.deadband,
            alarms.on_delay if limit.on_delay is None else limit.on_delay,
            alarms.off_delay if limit.off_delay is None else limit.off_delay,
        )
        for level in nearest_first
        if (limit := given.get(level)) is not None
    ]
