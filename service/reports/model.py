"""What the reports are made of: plain records that whoever has the numbers fills in, and the laid-out report between.

``OutletReport``, ``ExceedanceReport`` and ``OnlineReport`` go in; `service.reports.layout` makes a `Report` of each,
which `service.reports.files` writes. All times are epoch microseconds, UTC, shown in fixed UTC+08:00. None: no number.
"""

from dataclasses import dataclass
from enum import StrEnum

# --- what goes in


class Span(StrEnum):
    """What one outlet report covers, and so how long each of its periods is."""

    #: 24 hour means.
    DAY = "day"
    #: The day means of a month.
    MONTH = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitFact:
    """A limit and where it stands."""

    value: float
    #: The lowest that is allowed, for pH.
    lower: float | None = None
    unit: str
    #: ``hour``, ``day`` or ``instant``.
    basis: str
    #: ``GB 31572-2015 table 5``, or the permit.
    source: str
    #: ``read``, ``secondary``, ``unverified``; empty for a permit.
    confidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Factor:
    """What is measured: a pollutant, or a quantity beside it (flow, oxygen, temperature)."""

    #: Full id of the tag.
    tag: str
    name: str
    unit: str
    #: What is judged is converted to reference oxygen (折算).
    converted: bool = False
    limit: LimitFact | None = None
    digits: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodMean:
    """One hour, day or month of one factor."""

    start_us: int
    #: As measured.
    measured: float | None = None
    #: What is judged: converted where the factor is, else as measured.
    judged: float | None = None
    #: The same without what is marked.
    unmarked: float | None = None
    amount_kg: float | None = None
    #: Enough of it is valid. What is not is shown, and never held against a limit.
    valid: bool = True
    #: Data flag (``N``, ``D``, ``F``, ...), or a word of why it is invalid.
    flag: str = ""
    #: What it is marked as (标记); empty: nothing.
    marked: str = ""
    exceeded: bool = False
    #: What the logger itself reports for it, and whether that disagrees.
    reported: float | None = None
    disagrees: bool = False
    #: 0: never judged anew.
    revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSeries:
    """One factor over the report's span."""

    factor: Factor
    #: In order; a period without any data may be left out.
    periods: tuple[PeriodMean, ...]
    #: Of the whole span.
    whole: PeriodMean


@dataclass(frozen=True, slots=True, kw_only=True)
class OutletReport:
    """Day or month report of one outlet."""

    span: Span
    start_us: int
    end_us: int
    park: str
    enterprise: str
    enterprise_name: str
    outlet: str
    outlet_name: str
    permit: str = ""
    pollutants: tuple[FactorSeries, ...]
    #: Flow, oxygen, temperature, ...: columns without a judgement.
    others: tuple[FactorSeries, ...] = ()
    #: Sentences for the foot: what was refilled, which limits are not confirmed.
    notes: tuple[str, ...] = ()
    #: When the numbers were read.
    made_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceedanceLine:
    """One exceedance or early warning."""

    #: ``warning``, ``hour``, ``day``.
    kind: str
    start_us: int
    end_us: int
    enterprise_name: str
    outlet_name: str
    factor: str
    value: float
    limit: float
    #: ``high`` or ``low``.
    side: str = "high"
    unit: str
    limit_source: str
    #: It stands also without what is marked.
    stands_unmarked: bool = True
    #: ``standing``, ``withdrawn``.
    state: str = "standing"
    revision: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExceedanceReport:
    """All exceedances of a span."""

    start_us: int
    end_us: int
    park: str
    #: Whose: the name of an enterprise; empty: the whole park.
    of: str = ""
    lines: tuple[ExceedanceLine, ...]
    notes: tuple[str, ...] = ()
    made_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineLine:
    """How well one device or enterprise was online. Rates from 0 to 1."""

    enterprise_name: str
    #: Empty: the enterprise as a whole.
    device: str = ""
    online_rate: float | None
    valid_rate: float | None = None
    #: Transmission efficiency (传输有效率): online times valid.
    transmission_rate: float | None = None
    offline_hours: float | None = None
    offline_count: int | None = None
    score: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineReport:
    """Ranking by online rate. The order is that of the lines."""

    start_us: int
    end_us: int
    park: str
    lines: tuple[OnlineLine, ...]
    #: What is expected at least (0 to 1); drawn as a line.
    expected: float | None = None
    notes: tuple[str, ...] = ()
    made_us: int


# --- what comes out of the layout


class Sign(StrEnum):
    """How a cell or bar is set off; never by colour alone."""

    NONE = ""
    #: Hollow and grey, in brackets.
    INVALID = "invalid"
    #: With ``*``.
    MARKED = "marked"
    #: Red, with ``▲``.
    EXCEEDED = "exceeded"
    #: Amber, with ``△``.
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Of a table."""

    title: str
    unit: str = ""
    #: Decimals of its numbers; None: it holds text.
    digits: int | None = None
    #: Width beside the others.
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A value, and how it is set off."""

    value: float | int | str | None
    sign: Sign = Sign.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of one length, that of ``columns``."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    #: Set off below: means, extremes, totals.
    foot: tuple[tuple[Cell, ...], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a chart; without a value there is a gap."""

    label: str
    value: float | None
    sign: Sign = Sign.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A level across a chart."""

    value: float
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chart:
    """Bars against levels."""

    title: str
    unit: str
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...] = ()
    #: What the signs mean.
    legend: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """Laid out, and the same in every format."""

    #: Name of the file, without its ending; ASCII.
    file_name: str
    title: str
    #: Label and value, above the tables.
    facts: tuple[tuple[str, str], ...]
    tables: tuple[Table, ...]
    charts: tuple[Chart, ...] = ()
    notes: tuple[str, ...] = ()
    #: Goes into the files as their date, so that the same report gives the same bytes.
    made_us: int
