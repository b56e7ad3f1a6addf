"""Reports with something of everything in them."""

import math

from service.reports.model import (
    ExceedanceLine,
    ExceedanceReport,
    Factor,
    FactorSeries,
    LimitFact,
    OnlineLine,
    OnlineReport,
    OutletReport,
    PeriodMean,
    Span,
)

HOUR_US, DAY_US = 3_600_000_000, 86_400_000_000
#: 2026-11-01 00:00 +08:00
START_US = 1_793_462_400_000_000
#: 2026-11-02 00:10 +08:00
MADE_US = START_US + DAY_US + 600_000_000


def _period(start_us: int, number: int, limit: float) -> PeriodMean:
    value = limit * (0.6 + 0.3 * math.sin(number / 3))
    if number in (9, 10):
        value = limit * 1.2
    flag, valid = ("D", False) if number == 14 else ("N", True)
    return PeriodMean(
        start_us=start_us,
        measured=value * 0.8,
        judged=value,
        unmarked=None if number == 10 else value,
        amount_kg=value / 50,
        valid=valid,
        flag=flag,
        marked="工况标记 start-up" if number == 10 else "",
        exceeded=valid and value > limit and number != 10,
        reported=value * 0.8 + (1 if number == 5 else 0),
        disagrees=number == 5,
        revision=2 if number == 3 else 0,
    )


def series(factor: Factor, starts: range, missing: tuple[int, ...] = (17,)) -> FactorSeries:
    """Two high periods (one marked), one invalid, one disagreeing, one missing."""
    limit = factor.limit.value if factor.limit else 20.0
    periods = tuple(_period(at, n, limit) for n, at in enumerate(starts) if n not in missing)
    whole = PeriodMean(start_us=starts.start, measured=limit / 2, judged=limit * 0.7, amount_kg=12.345)
    return FactorSeries(factor=factor, periods=periods, whole=whole)


SO2 = Factor(
    tag="acme.rto.so2",
    name="二氧化硫 SO2",
    unit="mg/m3",
    converted=True,
    limit=LimitFact(value=50, unit="mg/m3", basis="hour", source="GB 31571-2015 表5 Table 5", confidence="read"),
)
PH = Factor(
    tag="acme.water.ph",
    name="pH",
    unit="",
    digits=2,
    limit=LimitFact(value=9, lower=6, unit="", basis="day", source="排污许可证 permit 9133"),
)
FLOW = Factor(tag="acme.rto.flow", name="标态流量 Flow", unit="m3/h", digits=0)


def outlet(span: Span = Span.DAY) -> OutletReport:
    """A day or a month."""
    step = HOUR_US if span is Span.DAY else DAY_US
    end_us = START_US + (DAY_US if span is Span.DAY else 30 * DAY_US)
    starts = range(START_US, end_us, step)
    return OutletReport(
        span=span,
        start_us=START_US,
        end_us=end_us,
        park="滨海化工园区",
        enterprise="acme",
        enterprise_name="安科化学有限公司",
        outlet="acme.rto",
        outlet_name="RTO 排放口",
        permit="91330604MA2B",
        pollutants=(series(SO2, starts), series(PH, starts)),
        others=(series(FLOW, starts),),
        notes=("3 个小时为补传数据 Three hours were refilled",),
        made_us=MADE_US,
    )


def exceedances(count: int = 3) -> ExceedanceReport:
    """Of all three kinds."""
    lines = tuple(
        ExceedanceLine(
            kind=("warning", "hour", "day")[n % 3],
            start_us=START_US + (0 if n % 3 == 2 else n * HOUR_US),
            end_us=START_US + (DAY_US if n % 3 == 2 else (n + 1) * HOUR_US),
            enterprise_name="安科化学有限公司" if n % 2 else "=北极星材料",
            outlet_name="RTO 排放口",
            factor="二氧化硫 SO2",
            value=60.0 + n,
            limit=50.0,
            unit="mg/m3",
            limit_source="GB 31571-2015 表5",
            stands_unmarked=n % 4 != 0,
            state="withdrawn" if n % 5 == 4 else "standing",
            revision=n % 2,
        )
        for n in range(count)
    )
    return ExceedanceReport(
        start_us=START_US, end_us=START_US + DAY_US, park="滨海化工园区", lines=lines, made_us=MADE_US
    )


def online() -> OnlineReport:
    """Three enterprises, one below what is expected, one of which nothing is known."""
    lines = tuple(
        OnlineLine(
            enterprise_name=name,
            device=f"010000A8900016F00016{n:04d}",
            online_rate=rate,
            valid_rate=rate,
            transmission_rate=None if rate is None else rate * rate,
            offline_hours=n * 1.5,
            offline_count=n,
            score=None if rate is None else 100 * rate,
        )
        for n, (name, rate) in enumerate((("安科化学", 0.995), ("北极星材料", 0.83), ("镕昇新材料", None)))
    )
    return OnlineReport(
        start_us=START_US,
        end_us=START_US + 30 * DAY_US,
        park="滨海化工园区",
        lines=lines,
        expected=0.9,
        made_us=MADE_US,
    )
