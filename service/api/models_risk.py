"""Shapes of the answers about risk."""

from typing import Annotated, Any, Literal

from pydantic import Field

from service.api.models import Next, Time, _Shape

ColourName = Literal["red", "orange", "yellow", "blue"]
Subject = Annotated[
    str, Field(description="Source, enterprise or park; `acme.*`: acme as a whole", examples=["acme.tank-1"])
]
Why = Annotated[
    str,
    Field(
        description="Empty: hidden from this caller",
        examples=["orange (60) because acme.tank-1: grade 3 (+10), li-101 HH for 12 min (+50)"],
    ),
]


class RiskAlarm(_Shape):
    """A standing alarm, as far as risk is concerned."""

    alert_id: str
    target: str = Field(examples=["acme.tank-1.li-101"])
    target_name: str = Field(examples=["Level"])
    level: str = Field(examples=["HH"])
    priority: int = Field(examples=[1])
    raised: Time
    unverified: bool
    aside: str = Field(description="`shelved`, `suppressed`, `out_of_service`: it weighs the same", examples=[""])


class RiskPart(_Shape):
    """One summand of a score. Which fields are set depends on `what`."""

    what: Literal["grade", "alarm", "unverified", "worst", "further", "others"]
    points: float = Field(examples=[50.0])
    grade: int | None = Field(description="`grade`: GB 18218, 1 is the worst")
    alarm: RiskAlarm | None = Field(description="`alarm`")
    times: float = Field(description="`alarm`: for how long it has stood", examples=[1.25])
    subject: str = Field(description="`worst`: of those below")
    count: int = Field(description="`unverified`: alarms; `further`: others below at yellow or worse; `others`: alarms")
    of: int = Field(description="`unverified`: of so many alarms")
    share: float = Field(description="`unverified`: of the points, 0 to 1", examples=[0.5])


class RiskShape(_Shape):
    """The risk of one subject."""

    subject: Subject
    name: str = Field(examples=["Ethylene oxide tank 1"])
    kind: Literal["source", "own", "enterprise", "park"]
    enterprise: str = Field(examples=["acme"])
    colour: ColourName
    word: Literal["红", "橙", "黄", "蓝"]
    since: Time | None = Field(description="When it got this colour; null: it never had another")
    score: float | None = Field(description="Sum of the parts; null: hidden from this caller", examples=[60.0])
    why: Why
    parts: list[RiskPart]
    next: Time | None = Field(description="When it may change though no alarm changes; null: never")


class EnterpriseRisk(RiskShape):
    """An enterprise and what it is made of."""

    own: RiskShape | None = Field(description="Alarms that are of no single source; null: there are none")
    sources: list[RiskShape]


class RiskTree(_Shape):
    """The park and all below it that the caller sees, as of the last second."""

    now: Time
    park: RiskShape = Field(description="For one enterprise: the colour alone")
    own: RiskShape | None = Field(description="Alarms of the park that are of no single source")
    shared: list[RiskShape] = Field(description="Shared sources")
    enterprises: list[EnterpriseRisk]
    formula: dict[str, Any] = Field(
        description="What makes the score, and the score the colour: section `risk` of the configuration",
        examples=[{"yellow": 25, "orange": 50, "red": 80}],
    )


class RiskChangeShape(_Shape):
    """One change of colour."""

    seq: int = Field(examples=[17])
    at: Time
    subject: Subject
    kind: Literal["source", "enterprise", "park"]
    enterprise: str = Field(examples=["acme"])
    colour: ColourName
    was: ColourName
    score: float | None = Field(description="null: hidden from this caller", examples=[60.0])
    why: Why


class RiskHistory(_Shape):
    """A page of changes, newest first."""

    items: list[RiskChangeShape]
    next: Next
