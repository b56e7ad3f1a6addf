"""Shapes of shifts, duties, inspections, ratings, lights."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from service.api.models import Next, Time, _Shape
from service.api.models_cases import AlertId

_ID = "48141154-41bc-59ce-89d2-b84bf7c8268e"
_Text = Annotated[str, StringConstraints(min_length=1, max_length=4_000, strip_whitespace=True)]
_Note = Annotated[str, StringConstraints(max_length=4_000, strip_whitespace=True)]
Rating = Literal["A", "B", "C", "D"]


class EntryBody(_Shape):
    """Something for the shift log."""

    kind: Literal["note", "call", "visit", "order"] = "note"
    text: _Text = Field(examples=["Called Acme: tank 1 is being emptied."])
    about: AlertId | None = Field(default=None, description="Id of an alert or a case")


class EntryShape(_Shape):
    """One entry of the shift log."""

    id: str = Field(examples=[_ID])
    at: Time
    by: str = Field(examples=["wang.fang"])
    kind: Literal["note", "call", "visit", "order"]
    text: str = Field(examples=["Called Acme: tank 1 is being emptied."])
    about: str | None = Field(examples=[_ID])


class EntryList(_Shape):
    """A page of the shift log."""

    items: list[EntryShape]
    next: Next


class HandoverBody(_Shape):
    """What whom goes says beside the sheet."""

    note: _Note = Field(default="", examples=["Watch tank 1."])


class SheetRow(_Shape):
    """An alert, a case, a connector, a context entry, a duty: what the next shift has to know of."""

    id: str = Field(examples=[_ID])
    what: str = Field(examples=["液位"])
    where: str = Field(examples=["安科化学 · 环氧乙烷储罐 1"])
    state: str = Field(examples=["unack"])
    since: Time | None
    text: str = Field(examples=["level 10.2 m over HH 10 m"])


class Sheet(_Shape):
    """What stands at the end of a shift."""

    at: Time
    shift: str = Field(examples=["白班"])
    from_: Time | None = Field(alias="from", description="The handover before; null: there was none")
    standing: list[SheetRow] = Field(description="Alerts, the most urgent first; 500 at most")
    standing_count: int = Field(examples=[3])
    aside: list[SheetRow] = Field(description="Shelved, suppressed, out of service")
    contexts: list[SheetRow] = Field(description="What goes on in the plant: permits, overhauls, calibrations")
    offline: list[SheetRow] = Field(description="Connectors that are not connected")
    cases: list[SheetRow] = Field(description="Open cases; 500 at most")
    duties: list[SheetRow] = Field(description="Overdue duties and inspections")
    entries: list[SheetRow] = Field(description="Of the shift log since the handover before; 500 at most")


class HandoverShape(_Shape):
    """A handover, signed by one or by both."""

    id: str = Field(examples=[_ID])
    at: Time
    shift: str = Field(examples=["白班"])
    by: str = Field(description="Who went", examples=["wang.fang"])
    note: str
    digest: str = Field(description="SHA-256 of the sheet", examples=["9f86d081…"])
    taken: Time | None
    taken_by: str = Field(description="Who came; empty: not signed yet", examples=["li.na"])
    taken_note: str


class WholeHandover(HandoverShape):
    """With its sheet."""

    sheet: Sheet
    intact: bool = Field(description="The sheet still has the digest that was signed")


class HandoverList(_Shape):
    """A page of handovers, newest first."""

    items: list[HandoverShape]
    next: Next


class DutyShape(_Shape):
    """One periodic duty of one enterprise in one period."""

    duty: str = Field(examples=["daily-control"])
    name: str = Field(examples=["特种设备日管控"])
    guidance: str
    every: Literal["day", "week", "month"]
    enterprise: str = Field(examples=["acme"])
    enterprise_name: str = Field(examples=["安科化学"])
    period: str = Field(examples=["2026-11-01"])
    from_: Time = Field(alias="from")
    until: Time = Field(description="Overdue from then on")
    state: Literal["done", "open", "overdue", "missed"]
    done: Time | None
    done_by: str
    result: Literal["", "done", "defects", "waived"]
    text: str


class DutyList(_Shape):
    """This period and the one before of every duty."""

    items: list[DutyShape]


class DutyBody(_Shape):
    """A duty was done."""

    enterprise: str = Field(max_length=64, examples=["acme"])
    period: str = Field(max_length=10, examples=["2026-11-01"])
    result: Literal["done", "defects", "waived"] = Field(default="done", description="`waived`: by supervisors alone")
    text: _Note = ""


class InspectionBody(_Shape):
    """An inspection on site."""

    enterprise: str = Field(max_length=64, examples=["acme"])
    defects: int = Field(default=0, ge=0, le=1_000, description="How many things were found wrong")
    text: _Text = Field(examples=["Gas detectors tested; two labels missing."])


class InspectionShape(_Shape):
    """One inspection."""

    id: str = Field(examples=[_ID])
    enterprise: str = Field(examples=["acme"])
    at: Time
    by: str = Field(examples=["li.na"])
    defects: int
    text: str


class InspectionList(_Shape):
    """Newest first, 100 at most."""

    items: list[InspectionShape]


class RatingBody(_Shape):
    """From now on the enterprise is an A, B, C or D."""

    rating: Rating
    reason: _Text = Field(examples=["Yearly assessment 2026"])


class StandingShape(_Shape):
    """How an enterprise does: its rating, when it is inspected next, and its light of a month."""

    enterprise: str = Field(examples=["acme"])
    enterprise_name: str = Field(examples=["安科化学"])
    rating: Literal["A", "B", "C", "D"] | None = Field(description="null: not rated yet; inspected like a C")
    rated: Time | None
    rated_by: str
    rating_reason: str
    inspected: Time | None
    inspect_by: Time | None = Field(description="Next inspection; null: as soon as possible")
    inspection_overdue: bool
    light: Literal["red", "yellow", "green"]
    score: int = Field(description="100 less the points")
    points: int
    lines: list[dict[str, Any]] = Field(
        description="Why: `what`, `count`, `each`, `points`",
        examples=[[{"what": "alarm_p1", "count": 1, "each": 5, "points": 5}]],
    )


class Standings(_Shape):
    """All enterprises that the caller sees, in one month."""

    month: str = Field(examples=["2026-11"])
    over: bool = Field(description="The month is over: the light is final but for corrections")
    yellow: int = Field(description="Points from which on the light is yellow", examples=[10])
    red: int = Field(examples=[30])
    items: list[StandingShape]
