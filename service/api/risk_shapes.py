"""Four-colour risk as plain data of answers, cut to what the caller may see.

Everybody may know the park's colour; why it has it names sources and enterprises, so only the park's own keys are told.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from park.model import Park
from rules.risk.assess import Part, Risk, StandingAlarm, own_of
from rules.risk.formula import Colour
from rules.risk.words import explain
from service.api.shapes import Names
from service.api.times import rfc3339
from service.api.view import ServiceView
from service.risk import RiskChange
from service.store.scope import Scope

#: In the live stream: sources altogether, and alarms of each subject.
_MOST_SOURCES_LIVE, _MOST_ALARMS_LIVE = 200, 5
WORDS = {Colour.RED: "红", Colour.ORANGE: "橙", Colour.YELLOW: "黄", Colour.BLUE: "蓝"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    risks: Mapping[str, Risk]
    last: Mapping[str, RiskChange]
    names: Names
    now_us: int
    #: Alarms told one by one of each subject; the rest as their number and sum. None: all.
    most_alarms: int | None

    def shape(self, risk: Risk) -> dict[str, Any]:
        return {
            **self.colour_only(risk),
            "score": risk.score,
            "why": explain(risk, self.risks, self.now_us),
            "parts": self._parts(risk.parts),
            "next": rfc3339(risk.next_us),
        }

    def colour_only(self, risk: Risk) -> dict[str, Any]:
        last = self.last.get(risk.subject)
        return {
            "subject": risk.subject,
            "name": self._name(risk.subject),
            "kind": risk.kind,
            "enterprise": risk.enterprise,
            "colour": risk.colour.value,
            "word": WORDS[risk.colour],
            "since": rfc3339(last.at_us) if last else None,
            "score": None,
            "why": "",
            "parts": [],
            "next": None,
        }

    def _name(self, subject: str) -> str:
        owner = subject.removesuffix(".*")
        return self.names.enterprises.get(owner) or self.names.sources.get(owner, "")

    def _parts(self, parts: Sequence[Part]) -> list[dict[str, Any]]:
        rest = [part for part in parts if part.alarm][self.most_alarms :] if self.most_alarms is not None else []
        if len(rest) < 2:
            return [self._part(part) for part in parts]
        left_out = {part.alarm.alert_id for part in rest if part.alarm}
        told = [part for part in parts if part.alarm is None or part.alarm.alert_id not in left_out]
        others = Part(what="others", points=math.fsum(part.points for part in rest), count=len(rest))
        return [self._part(part) for part in (*told, others)]

    def _part(self, part: Part) -> dict[str, Any]:
        # By hand: in a flood there are thousands, and `dataclasses.asdict` takes thirty times as long.
        return {
            "what": part.what,
            "points": part.points,
            "grade": part.grade,
            "alarm": self._alarm(part.alarm) if part.alarm is not None else None,
            "times": part.times,
            "subject": part.subject,
            "count": part.count,
            "of": part.of,
            "share": part.share,
        }

    def _alarm(self, alarm: StandingAlarm) -> dict[str, Any]:
        return {
            "alert_id": alarm.alert_id,
            "target": alarm.target,
            "target_name": self.names.target(alarm.target),
            "level": alarm.level,
            "priority": alarm.priority,
            "raised": rfc3339(alarm.raised_us),
            "unverified": alarm.unverified,
            "aside": alarm.aside,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskNow:
    """Risk as it is, for any thread: a fold meanwhile does not touch it."""

    park: Park
    risks: Mapping[str, Risk]
    last: Mapping[str, RiskChange]
    now_us: int

    @staticmethod
    def of(view: ServiceView) -> "RiskNow":
        """On the event loop."""
        now_us = view.clock()
        return RiskNow(park=view.tags.park, risks=dict(view.risk.now(now_us)), last=dict(view.risk.last), now_us=now_us)


def risk_tree(now: RiskNow, scope: Scope, names: Names, *, whole: bool) -> dict[str, Any]:
    """As `service.api.models_risk.RiskTree`. Not ``whole``: for the live stream, which tells it every second to every
    listener. Then only the worst of the sources that are not blue, and of each the heaviest alarms.
    """
    now_us, park, risks = now.now_us, now.park, now.risks
    most_alarms = None if whole else _MOST_ALARMS_LIVE
    tell = _Teller(risks=risks, last=now.last, names=names, now_us=now_us, most_alarms=most_alarms)
    told = None if whole else _worst(risks.values(), scope)

    def sources(owner: str, ids: Iterable[str]) -> list[dict[str, Any]]:
        below = (f"{owner}.{one}" for one in ids)
        return [tell.shape(risks[one]) for one in below if told is None or one in told]

    def own(owner: str) -> dict[str, Any] | None:
        risk = risks[own_of(owner)]
        return tell.shape(risk) if risk.parts else None

    all_is_seen = scope.is_everything
    return {
        "now": rfc3339(now_us),
        "park": (tell.shape if all_is_seen else tell.colour_only)(risks[park.id]),
        "own": own(park.id) if all_is_seen else None,
        "shared": sources(park.id, (one.id for one in park.sources)),
        "enterprises": [
            {
                **tell.shape(risks[one.id]),
                "own": own(one.id),
                "sources": sources(one.id, (source.id for source in one.sources)),
            }
            for one in park.enterprises
            if scope.sees(one.id)
        ],
    }


def _worst(risks: Iterable[Risk], scope: Scope) -> frozenset[str]:
    seen = [
        one for one in risks if one.kind == "source" and one.colour is not Colour.BLUE and scope.sees(one.enterprise)
    ]
    return frozenset(
        one.subject for one in sorted(seen, key=lambda one: (-one.score, one.subject))[:_MOST_SOURCES_LIVE]
    )
