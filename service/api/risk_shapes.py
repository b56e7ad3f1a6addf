"""Four-colour risk as plain data of answers, cut to what the caller may see.

Everybody may know the park's colour; why it has it names sources and enterprises, so only the park's own keys are told.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rules.risk.assess import Part, Risk, own_of
from rules.risk.formula import Colour
from rules.risk.words import explain
from service.api.shapes import Names
from service.api.times import rfc3339
from service.api.view import ServiceView
from service.risk import RiskChange
from service.store.scope import Scope

WORDS = {Colour.RED: "红", Colour.ORANGE: "橙", Colour.YELLOW: "黄", Colour.BLUE: "蓝"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Teller:
    risks: Mapping[str, Risk]
    last: Mapping[str, RiskChange]
    names: Names
    now_us: int

    def shape(self, risk: Risk) -> dict[str, Any]:
        return {
            **self.colour_only(risk),
            "score": risk.score,
            "why": explain(risk, self.risks, self.now_us),
            "parts": [self._part(part) for part in risk.parts],
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

    def _part(self, part: Part) -> dict[str, Any]:
        shape = asdict(part)
        if part.alarm is not None:
            alarm = shape["alarm"]
            alarm["raised"] = rfc3339(alarm.pop("raised_us"))
            alarm["target_name"] = self.names.target(part.alarm.target)
        return shape


def risk_tree(view: ServiceView, scope: Scope, names: Names, *, whole: bool) -> dict[str, Any]:
    """As `service.api.models_risk.RiskTree`; not ``whole``: only the sources that are not blue, for the live stream."""
    now_us, park = view.clock(), view.tags.park
    risks = view.risk.now(now_us)
    tell = _Teller(risks=risks, last=view.risk.last, names=names, now_us=now_us)

    def sources(owner: str, ids: Iterable[str]) -> list[dict[str, Any]]:
        below = (risks[f"{owner}.{one}"] for one in ids)
        return [tell.shape(risk) for risk in below if whole or risk.colour is not Colour.BLUE]

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
