"""Four-colour risk (红橙黄蓝) of a source, an enterprise, the park: a score made of parts that explain it.

A function of the alarms that stand, of the time, the park and the formula; nothing else. One alarm more never lowers
a score, and without alarms every score is the one of the grade alone. Alarms that are put aside (shelved, suppressed,
out of service) weigh the same as others: what is put aside is not gone (危险化学品安全法 art. 38).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from park.gb18218 import Grade
from park.model import Park
from rules.risk.formula import Colour, RiskFormula

Kind = Literal["source", "own", "enterprise", "park"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingAlarm:
    """One alert whose condition stands."""

    alert_id: str
    target: str
    level: str
    #: 1 (urgent) to 4.
    priority: int
    raised_us: int
    unverified: bool = False
    #: ``shelved``, ``suppressed`` or ``out_of_service``; empty: it is on the list.
    aside: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One summand of a score. Which fields are set depends on ``what``."""

    #: ``grade``; ``alarm`` (``alarm``, ``times``); ``unverified`` (``count`` of ``of`` alarms, ``share`` of points);
    #: ``worst`` (``subject``); ``further`` (``count`` of them); ``others`` (``count`` alarms that are not told one by
    #: one; made for people, never by the formula).
    what: Literal["grade", "alarm", "unverified", "worst", "further", "others"]
    points: float
    grade: int | None = None
    alarm: StandingAlarm | None = None
    times: float = 1.0
    subject: str = ""
    count: int = 0
    of: int = 0
    share: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """Of one subject at one time. The points of the parts add up to the score."""

    #: ``acme.tank-1``, ``acme``, the park's id; ``acme.*`` for what concerns acme as a whole.
    subject: str
    kind: Kind
    #: Whose it is; the park's id for shared sources and the park itself.
    enterprise: str
    colour: Colour
    score: float
    parts: tuple[Part, ...]
    #: When it may change though no alarm changes. None: never.
    next_us: int | None = None


def own_of(owner: str) -> str:
    """The subject that stands for alarms of an enterprise (or the park) which are of no single source."""
    return f"{owner}.*"


def of_source(
    subject: str, enterprise: str, grade: Grade | None, alarms: Iterable[StandingAlarm], now_us: int, f: RiskFormula
) -> Risk:
    """Of a source, or of what concerns an enterprise as a whole (``acme.*``); the heaviest alarms first."""
    parts = [Part(what="grade", grade=int(grade), points=f.grade[grade])] if grade is not None else []
    weighed = sorted((_weigh(one, now_us, f) for one in alarms), key=_heaviest_first)
    score_parts = [*parts, *weighed, *_unverified(weighed, f)]
    score = math.fsum(part.points for part in score_parts)
    steps = (f.next_step_us(part.alarm.raised_us, now_us) for part in weighed if part.alarm)
    return Risk(
        subject=subject,
        kind="own" if subject.endswith(".*") else "source",
        enterprise=enterprise,
        colour=f.colour(score),
        score=score,
        parts=tuple(score_parts),
        next_us=min((at_us for at_us in steps if at_us is not None), default=None),
    )


def _weigh(alarm: StandingAlarm, now_us: int, f: RiskFormula) -> Part:
    times = f.times(now_us - alarm.raised_us)
    return Part(what="alarm", alarm=alarm, times=times, points=f.points(alarm.level, alarm.priority) * times)


def _heaviest_first(part: Part) -> tuple[float, str]:
    return -part.points, part.alarm.alert_id if part.alarm else ""


def _unverified(weighed: list[Part], f: RiskFormula) -> list[Part]:
    unknown = [part.points for part in weighed if part.alarm and part.alarm.unverified]
    if not unknown or not f.unverified:
        return []
    total, points = math.fsum(part.points for part in weighed), math.fsum(unknown)
    share = points / total if total else 0.0
    more = points * f.unverified
    return [Part(what="unverified", points=more, count=len(unknown), of=len(weighed), share=share)]


def of_all(subject: str, kind: Kind, enterprise: str, below: Iterable[Risk], f: RiskFormula) -> Risk:
    """Of an enterprise over its sources, of the park over its enterprises: the worst, raised by how many more."""
    ranked = sorted(below, key=lambda one: (-one.score, one.subject))
    parts = [Part(what="worst", subject=one.subject, points=one.score) for one in ranked[:1]]
    further = sum(one.colour is not Colour.BLUE for one in ranked[1:])
    if further:
        parts.append(Part(what="further", count=further, points=min(f.each_further * further, f.most_further)))
    score = math.fsum(part.points for part in parts)
    due = [one.next_us for one in ranked if one.next_us is not None]
    return Risk(
        subject=subject,
        kind=kind,
        enterprise=enterprise,
        colour=f.colour(score),
        score=score,
        parts=tuple(parts),
        next_us=min(due, default=None),
    )


def assess(
    park: Park, alarms: Mapping[str, Iterable[StandingAlarm]], now_us: int, formula: RiskFormula
) -> dict[str, Risk]:
    """Every subject of the park at once; ``alarms`` are by subject. `rules.risk.tree` does the same bit by bit."""
    found: dict[str, Risk] = {}
    of_park: list[Risk] = []
    for owner, sources in park.owners():
        own = own_of(owner)
        below = [of_source(own, owner, None, alarms.get(own, ()), now_us, formula)]
        for source in sources:
            one, grade = f"{owner}.{source.id}", source.hazard.grade if source.hazard else None
            below.append(of_source(one, owner, grade, alarms.get(one, ()), now_us, formula))
        found |= {risk.subject: risk for risk in below}
        if owner == park.id:
            of_park += below
        else:
            found[owner] = of_all(owner, "enterprise", owner, below, formula)
            of_park.append(found[owner])
    found[park.id] = of_all(park.id, "park", park.id, of_park, formula)
    return found
