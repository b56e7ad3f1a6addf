"""One data logger (数采仪): analysers in, telegrams out. It knows no wire: `hj212_link` carries what it says."""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from simulators.frame import Frame
from simulators.hj212_channels import Bench, Channel, DeviceClock, Wiring
from simulators.hj212_config import Calibrations, FleetConfig, LoggerConfig
from simulators.hj212_means import Mean, Sample
from simulators.hj212_outbox import Outbox, Outgoing
from simulators.hj212_packet import Group, beijing
from simulators.hj212_periods import DAY, DAY_US, HOUR, Closed, Periods
from simulators.hj212_profiles import Hand

_LOG_LINE = "//清洗管路//"
_HEALTHY = "0"


class Logger:
    """See the module. ``base_us`` everywhere: the plant's clock, epoch microseconds."""

    def __init__(
        self,
        mn: str,
        wiring: Wiring,
        config: LoggerConfig,
        fleet: FleetConfig,
        *,
        now: Callable[[], int],
        on_closed: Callable[[str, Closed], None],
    ) -> None:
        self.mn, self.wiring, self.config = mn, wiring, config
        self.hand = Hand(mn=mn, password=config.password, profile=config.profile)
        self.outbox = Outbox(config.buffer or fleet.buffer)
        self.bench = Bench(wiring=wiring)
        self.clock = DeviceClock(drift_ppm=config.drift_ppm, ahead_us=round(config.ahead_s * 1e6))
        self.periods = Periods(
            minute_us=fleet.minute, sample_us=fleet.sample_every, water=wiring.water, minutes_kept=fleet.archive
        )
        self.realtime_us, self.sends_realtime, self.sends_states = fleet.realtime_every, True, True
        #: What a host may set and read back: parameter -> value.
        self.parameters: dict[str, str] = {"i13007": "0.000", "i13008": "1.000"}
        self._sample_us, self._heartbeat_us = fleet.sample_every, fleet.heartbeat_every
        self._now, self._on_closed = now, on_closed
        self._booted_us: int | None = None
        self._slots: dict[str, int] = {}
        self._last_qn_ms = 0
        self.states: dict[str, int] = {}
        self.on_us: dict[str, int] = {}
        #: Start of a day -> hours that each equipment ran.
        self.run_hours: dict[int, dict[str, float]] = {}
        self.latest: dict[Channel, Sample] = {}

    # ------------------------------------------------------------------------------------------------ the time

    def time_us(self) -> int:
        """What its clock shows now."""
        return self.clock.read(self._now())

    def set_time(self, time_us: int) -> None:
        """Somebody sets its clock."""
        self.clock.set(time_us, self._now())

    def set_realtime(self, every_us: int) -> None:
        """RtdInterval from now on."""
        self.realtime_us = every_us
        self._slots["realtime"] = self.time_us() // every_us

    def number(self) -> str:
        """A fresh QN: no two are alike."""
        self._last_qn_ms = max(self.time_us() // 1000, self._last_qn_ms + 1)
        return beijing(self._last_qn_ms * 1000, millis=True)

    def _turn(self, what: str, time_us: int, every_us: int) -> bool:
        """Whether a new slot of that length has begun."""
        slot = time_us // every_us
        if slot == self._slots.get(what):
            return False
        self._slots[what] = slot
        return True

    # -------------------------------------------------------------------------------------------- what it sees

    def observe(self, frame: Frame, base_us: int) -> None:
        """Take what the plant shows; say what is due."""
        there = [ix for ix in self.wiring.tags if frame.present[ix]]
        if not there:
            return
        self.clock.skew_us = max(int(frame.time_us[ix]) for ix in there) - frame.now_us
        time_us = self.clock.read(base_us)
        if self._booted_us is None:
            self._boot(time_us)
        self._calibrate_on_schedule(time_us)
        self.latest = self.bench.read(frame, time_us, self._sample_us)
        if self._turn("sample", time_us, self._sample_us):
            for closed in self.periods.add(time_us, self.latest):
                self._tell_closed(closed)
            self._watch_states(frame, time_us)
        if self.sends_realtime and self.realtime_us and self._turn("realtime", time_us, self.realtime_us):
            copies = max(int(frame.copies[ix]) for ix in there)
            for back in range(copies - 1, -1, -1):
                self.tell_realtime(time_us - back * 1_000_000)
        if self.config.asks_time and self._turn("day", time_us, DAY_US):
            self._tell(1013, [])
        if self.hand.quirks.heartbeat and self._turn("heartbeat", time_us, self._heartbeat_us):
            self._tell(9015, [])

    def _calibrate_on_schedule(self, time_us: int) -> None:
        plan: Calibrations | None = self.config.calibrations
        if plan is None or self._booted_us is None:
            return
        since_us = time_us - self._booted_us - plan.first
        if since_us >= 0 and since_us % plan.every < plan.lasts:
            began_us = time_us - since_us % plan.every
            for channel in self.wiring.channels:
                if channel.is_concentration:
                    self.bench.calibrating.setdefault(channel.code, (began_us, began_us + plan.lasts))
        self.bench.calibrating = {code: span for code, span in self.bench.calibrating.items() if time_us < span[1]}

    def calibrate(self, code: str, lasts_us: int) -> bool:
        """Zero and span, now; False where it has no such analyser."""
        known = any(channel.code == code for channel in self.wiring.channels)
        if known:
            now_us = self.time_us()
            self.bench.calibrating[code] = now_us, now_us + lasts_us
        return known

    def _watch_states(self, frame: Frame, time_us: int) -> None:
        shown = {one.code: round(float(frame.value[one.ix])) for one in self.wiring.equipment}
        for code, state in shown.items():
            if state == 1:
                self.on_us[code] = self.on_us.get(code, 0) + self._sample_us
        if shown != {code: self.states.get(code) for code in shown} and self.sends_states:
            self.states |= shown
            self.tell_states(time_us)
        for one in self.wiring.information:
            value = round(float(frame.value[one.ix]))
            if self.states.get(one.code) != value:
                self.states[one.code] = value
                self._tell(3020, [self._at(time_us), [(f"{one.code}-Info", str(value))]])

    # -------------------------------------------------------------------------------------------- what it says

    def _boot(self, time_us: int) -> None:
        self._booted_us = time_us
        self._slots["realtime"] = time_us // self.realtime_us if self.realtime_us else 0
        self._tell(2081, [self._at(time_us), [("RestartTime", beijing(time_us))]])
        for channel in self.wiring.channels:
            serial = f"{self.mn[:20]}{self.wiring.channels.index(channel):04X}"
            pol = self.hand.code(channel.code)
            self._tell(3019, [self._at(time_us), [("PolId", pol)], [(f"{pol}-SN", serial)]])
            self._tell(3020, [self._at(time_us), [("PolId", pol)], [("i12001-Info", _HEALTHY)]])
            if not self.hand.quirks.chinese:
                break  # one analyser stands for all of them
        self._tell_log(time_us)

    def _tell_log(self, time_us: int) -> None:
        if self.hand.quirks.chinese:
            pol = self.hand.code(self.wiring.channels[0].code) if self.wiring.channels else ""
            self._tell(3020, [self._at(time_us), [("PolId", pol)], [("i11001-Info", _LOG_LINE)]])

    def tell_realtime(self, time_us: int) -> None:
        """2011: the latest values."""
        if self.latest:
            self._tell(2011, [self._at(time_us), *self._live()], samples=len(self.latest))

    def tell_states(self, time_us: int) -> None:
        """2021: the equipment's states."""
        equipment = [[(f"{one.code}-RS", str(self.states.get(one.code, 0)))] for one in self.wiring.equipment]
        if equipment:
            self._tell(2021, [self._at(time_us), *equipment], samples=len(equipment))

    def _tell_closed(self, closed: Closed) -> None:
        self._on_closed(self.mn, closed)
        self._tell(closed.cn, self.groups_of(closed), samples=len(closed.means))
        if closed.cn == DAY:
            hours = {code: ran_us / 3.6e9 for code, ran_us in self.on_us.items()}
            self.run_hours[closed.start_us], self.on_us = hours, {}
            if hours:
                self._tell(2041, [self._at(closed.start_us), *run_groups(hours)])
        if closed.cn == HOUR:
            self._tell_log(closed.start_us + closed.length_us)

    def _tell(self, cn: int, groups: Sequence[Group], *, samples: int = 0) -> None:
        parts = self.hand.split(groups, self.config.split_at)
        qns = [self.number() for _ in parts]
        self.outbox.put(Outgoing(cn=cn, st=self.wiring.system, parts=parts, qns=qns, samples=samples))

    # ----------------------------------------------------------------------------------------- how it is written

    @staticmethod
    def _at(time_us: int) -> Group:
        return [("DataTime", beijing(time_us))]

    def _live(self) -> Iterator[Group]:
        for channel, sample in self.latest.items():
            code = self.hand.code(channel.code)
            group = [(f"{code}-Rtd", channel.text(sample.value))]
            if not math.isnan(sample.zs):
                group.append((f"{code}-ZsRtd", channel.text(sample.zs)))
            group.append((f"{code}-Flag", sample.flag))
            yield group

    def groups_of(self, closed: Closed) -> list[Group]:
        """The parameters of a period's packet."""
        means = [self._mean_group(channel, mean) for channel, mean in closed.means.items()]
        return [self._at(closed.start_us), *means]

    def _mean_group(self, channel: Channel, mean: Mean) -> Group:
        code = self.hand.code(channel.code)
        numbers: Mapping[str, float] = {
            "Min": mean.min,
            "Avg": mean.avg,
            "Max": mean.max,
            "ZsMin": mean.zs_min,
            "ZsAvg": mean.zs_avg,
            "ZsMax": mean.zs_max,
        }
        group = [] if math.isnan(mean.cou) else [(f"{code}-Cou", f"{mean.cou:.4f}")]
        group += [(f"{code}-{name}", channel.text(one)) for name, one in numbers.items() if not math.isnan(one)]
        return [*group, (f"{code}-Flag", mean.flag)]


def run_groups(hours: Mapping[str, float]) -> list[Group]:
    """Parameters of 2041."""
    return [[(f"{code}-RT", f"{one:.1f}")] for code, one in hours.items()]
