"""What the pages on key figures and on risk say is what the code does."""

import re
from pathlib import Path

from pydantic import BaseModel

from park.yamlfile import Document
from rules.kpi.figures import DAY_US, kpi
from rules.kpi.norms import KpiNorms
from rules.risk.assess import StandingAlarm
from rules.risk.formula import RiskFormula
from rules.risk.words import explain
from tests.unit.rules.test_kpi import DAY0, S, alarm
from tests.unit.rules.test_risk import MINUTE, NOW, risks_of

DOCS = Path(__file__).parents[3] / "deploy" / "docs"
RISK, KPI = (DOCS.joinpath(f"{name}.md").read_text("utf-8") for name in ("risk", "kpi"))
EIGHT_S = 8 * 3_600


def block(page: str, language: str = "") -> str:
    """The last block of code in this language."""
    found = re.findall(r"^```(\w*)\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    return str([text for marked, text in found if marked == language][-1])


class _Sections(BaseModel):
    risk: RiskFormula = RiskFormula()
    kpi: KpiNorms = KpiNorms()


def sections(page: str) -> _Sections:
    return Document(block(page, "yaml"), "page").model(_Sections)


def test_the_defaults_of_risk_are_as_the_page_says() -> None:
    said = sections(RISK).risk
    assert said == RiskFormula()
    assert said.model_fields_set == set(RiskFormula.model_fields)


def test_the_defaults_of_the_key_figures_are_as_the_page_says() -> None:
    unsourced = {"source", "standing_source", "priority_source"}
    parts = {"per_10min": unsourced, "per_day": unsourced, "flood": unsourced, "chatter": unsourced}
    said, real = sections(KPI).kpi, KpiNorms()
    assert said.model_dump(exclude=parts) == real.model_dump(exclude=parts)
    assert said.model_fields_set | unsourced == set(KpiNorms.model_fields) | unsourced


def test_the_example_of_risk_is_computed() -> None:
    level = StandingAlarm(alert_id="1", target="acme.T101.level", level="HH", priority=1, raised_us=NOW - 12 * MINUTE)
    pressure = StandingAlarm(
        alert_id="2", target="acme.T101.pressure", level="H", priority=2, raised_us=NOW - 30 * S, unverified=True
    )
    flow = StandingAlarm(alert_id="3", target="acme.T102.flow", level="H", priority=2, raised_us=NOW - 120 * MINUTE)
    risks = risks_of(("acme.T101", level), ("acme.T101", pressure), ("acme.T102", flow))
    told = [explain(risks[one], risks, NOW) for one in ("acme.T101", "acme.T102", "acme")]
    assert block(RISK).splitlines() == told


def test_the_example_of_the_key_figures_is_computed() -> None:
    some = [alarm(EIGHT_S + 30 * i, acked_s=EIGHT_S + 30 * i + 45) for i in range(11)]
    found = kpi(some, DAY0, DAY0 + DAY_US)
    rate, (flood,) = found.per_10min, found.floods
    assert flood.end_us is not None
    overloaded = f"{round(rate.share['overloaded'] * rate.periods)} of {rate.periods} periods overloaded"
    assert found.chattering == []
    assert block(KPI).splitlines() == [
        f"per_10min: mean {rate.mean:.2f}, max {rate.max}, {rate.band}, {overloaded}",
        f"flood: {clock(flood.begin_us)} to {clock(flood.end_us)}, {flood.count} alarms, peak {flood.peak}",
        "chattering: none",
        f"ack: median {found.ack.median_s:g} s, p90 {found.ack.p90_s:g} s",
    ]


def clock(us: int) -> str:
    """Of UTC+08:00, on the day of the example."""
    s = (us - DAY0) // S
    return f"{s // 3_600:02}:{s // 60 % 60:02}:{s % 60:02}"
