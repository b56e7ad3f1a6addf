"""Four-colour risk: what makes which colour, that it explains itself, and the laws that every formula must obey."""

import math
from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from park.model import Park
from park.yamlfile import Document, FileInvalid
from rules.risk.assess import Risk, StandingAlarm, assess
from rules.risk.formula import Colour, RiskFormula
from rules.risk.tree import RiskTree
from rules.risk.words import explain, lasted

S = 1_000_000
MINUTE, HOUR = 60 * S, 3_600 * S
NOW = 1_800_000_000 * S


def source(one: str, grade: int | None = None) -> dict[str, object]:
    """A tank; of a grade where it is a major hazard installation."""
    hazard = {"grade": grade, "population_500m": 0, "chemicals": [{"name": "ammonia", "q_t": 100}]}
    return {"id": one, "kind": "tank", "position": [120.9, 30.2], "hazard": hazard if grade else None}


PARK = Park.model_validate(
    {
        "id": "park",
        "name": "Park",
        "sources": [source("weather")],
        "enterprises": [
            {"id": "acme", "name": "Acme", "sources": [source("T100", 1), source("T101", 3), source("T102")]},
            {"id": "zeta", "name": "Zeta", "sources": [source("Z1", 4), source("Z2"), source("Z3")]},
            {"id": "idle", "name": "Idle"},
        ],
    }
)
SUBJECTS = ("acme.T100", "acme.T101", "acme.T102", "zeta.Z1", "zeta.Z2", "zeta.Z3", "park.weather", "acme.*", "park.*")
FORMULA = RiskFormula()
BASELINE = assess(PARK, {}, NOW, FORMULA)


def alarm(subject: str, level: str = "HH", ago_s: float = 0, *, priority: int = 0, **more: object) -> StandingAlarm:
    """HH and LL are of priority 1, H and L of 2, unless told otherwise."""
    urgency = priority or {"HH": 1, "LL": 1, "H": 2, "L": 2}.get(level, 3)
    made = StandingAlarm(
        alert_id=f"{subject}|{level}|{ago_s:g}",
        target=f"{subject}.level",
        level=level,
        priority=urgency,
        raised_us=NOW - round(ago_s * S),
    )
    return replace(made, **more)  # type: ignore[arg-type]


def risks_of(*alarms: tuple[str, StandingAlarm], now_us: int = NOW, formula: RiskFormula = FORMULA) -> dict[str, Risk]:
    by_subject: dict[str, list[StandingAlarm]] = {}
    for subject, one in alarms:
        by_subject.setdefault(subject, []).append(one)
    return assess(PARK, by_subject, now_us, formula)


def of(subject: str, *alarms: StandingAlarm) -> Risk:
    return risks_of(*((subject, one) for one in alarms))[subject]


def test_hh_on_a_hazard_of_grade_3_is_orange_and_says_why() -> None:
    risks = risks_of(("acme.T101", alarm("acme.T101", ago_s=12 * 60)), now_us=NOW)
    risk = risks["acme.T101"]
    assert (risk.colour, risk.score) == (Colour.ORANGE, 60)
    assert explain(risk, risks, NOW) == "orange (60) because acme.T101: grade 3 (+10), level HH for 12 min (+50)"
    assert explain(risks["park"], risks, NOW) == explain(risk, risks, NOW)


@pytest.mark.parametrize(
    ("subject", "level", "ago_s", "colour"),
    [
        pytest.param("acme.T102", "H", 0, "yellow", id="H on a source of no grade"),
        pytest.param("acme.T102", "HH", 0, "yellow", id="HH on a source of no grade"),
        pytest.param("acme.T102", "HH", 600, "orange", id="HH for ten minutes"),
        pytest.param("acme.T101", "HH", 0, "orange", id="HH on grade 3, at once"),
        pytest.param("acme.T100", "HH", 3_600, "red", id="HH for an hour on grade 1"),
        pytest.param("acme.T102", "", 86_400, "blue", id="a fault of an instrument, even for a day"),
    ],
)
def test_colours_by_default(subject: str, level: str, ago_s: int, colour: str) -> None:
    assert of(subject, alarm(subject, level, ago_s)).colour == colour


def test_without_alarms_every_source_is_blue_and_worth_its_grade() -> None:
    assert {risk.colour for risk in BASELINE.values()} == {Colour.BLUE}
    assert [BASELINE[one].score for one in ("acme.T100", "acme.T101", "acme.T102", "acme", "idle", "park")] == [
        *(20, 10, 0, 20, 0, 20)
    ]
    assert explain(BASELINE["zeta.Z2"], BASELINE, NOW) == "blue (0): no alarm stands"


def test_what_is_put_aside_weighs_the_same_and_is_named() -> None:
    on_the_list, shelved = alarm("acme.T102", "H"), alarm("acme.T102", "H", aside="out_of_service")
    assert of("acme.T102", shelved).score == of("acme.T102", on_the_list).score
    assert "level H for 0 s [out of service] (+25)" in explain(of("acme.T102", shelved), {}, NOW)


def test_what_is_not_verified_is_a_risk_not_a_relief() -> None:
    known, unknown = alarm("acme.T102", "H"), alarm("acme.T102", "HH", unverified=True)
    risk = of("acme.T102", known, unknown)
    assert risk.score == 25 + 40 + 10
    assert "1 of 2 alarms unverified, 62% of the points (+10)" in explain(risk, {}, NOW)


def test_an_enterprise_is_as_bad_as_its_worst_source_raised_by_how_many_more() -> None:
    alarms = [(one, alarm(one, "H")) for one in ("zeta.Z1", "zeta.Z2", "zeta.Z3")]
    risks = risks_of(*alarms, ("acme.T101", alarm("acme.T101", "HH")))
    assert (risks["zeta"].score, risks["zeta"].colour) == (30 + 2 * 5, Colour.YELLOW)
    assert explain(risks["zeta"], risks, NOW).endswith("level H for 0 s (+25); 2 further at yellow or worse (+10)")
    assert (risks["park"].score, risks["park"].colour) == (50 + 5, Colour.ORANGE)


def test_what_concerns_an_enterprise_as_a_whole_is_not_lost() -> None:
    risks = risks_of(("acme.*", alarm("dcs/plc", "", priority=1)))
    assert (risks["acme"].score, risks["acme"].colour) == (40, Colour.YELLOW)
    assert explain(risks["acme"], risks, NOW).startswith(
        "yellow (40) because acme as a whole: dcs/plc.level priority 1"
    )


def test_the_next_change_is_when_a_duration_passes_a_step() -> None:
    one = alarm("acme.T102")
    assert of("acme.T102", one).next_us == NOW + 10 * MINUTE
    at_last = risks_of(("acme.T102", one), now_us=NOW + HOUR)["acme.T102"]
    assert (at_last.score, at_last.next_us) == (60, None)


def test_a_long_list_of_reasons_is_summed_up() -> None:
    risk = of("acme.T102", *(alarm("acme.T102", "H", i) for i in range(9)))
    assert explain(risk, {}, NOW).endswith(", 4 more (+100)")


def test_durations_in_words() -> None:
    assert [lasted(s * S) for s in (-1, 59, 60, 3_599, 3_600, 12_000, 90_000, 86_400)] == [
        *("0 s", "59 s", "1 min", "59 min", "1 h", "3 h 20 min", "1 d 1 h", "1 d")
    ]


def test_the_formula_is_configuration_and_names_what_it_does_not_know() -> None:
    text = "grade: {1: 30}\nlevel: {HH: 50}\nduration: [{after: 5m, times: 2}]\nred: 100\n"
    formula = Document(text, "risk.yaml").model(RiskFormula)
    assert [formula.grade[one] for one in formula.grade] == [30, 15, 10, 5]
    assert (formula.points("HH", 1), formula.points("H", 2), formula.times(300 * S)) == (50, 25, 2)
    assert RiskFormula.model_validate_json(formula.model_dump_json()) == formula
    with pytest.raises(FileInvalid, match=r"risk\.yaml:1:1.*orang"):
        Document("orang: 3\n", "risk.yaml").model(RiskFormula)
    for wrong in ({"yellow": 60}, {"duration": [{"after": "1h", "times": 2}, {"after": "1m", "times": 3}]}):
        with pytest.raises(ValidationError, match="must"):
            RiskFormula.model_validate(wrong)


# --- laws ---

alarms_of_the_park = st.lists(
    st.builds(
        lambda subject, level, priority, ago_s, unverified, aside, number: (
            subject,
            replace(
                alarm(subject, level, ago_s, priority=priority, unverified=unverified, aside=aside),
                alert_id=str(number),
            ),
        ),
        st.sampled_from(SUBJECTS),
        st.sampled_from(["HH", "H", "L", "LL", ""]),
        st.integers(1, 4),
        st.sampled_from([0, 1, 599, 600, 601, 3_599, 3_600, 90_000]),
        st.booleans(),
        st.sampled_from(["", "shelved", "suppressed"]),
        st.integers(0, 10**9),
    ),
    max_size=14,
    unique_by=lambda one: one[1].alert_id,
)
formulas = st.builds(
    lambda grade, hh, further, most, unverified, times: RiskFormula.model_validate(
        {
            **{"grade": {1: grade}, "level": {"HH": hh}, "each_further": further, "most_further": most},
            **{"unverified": unverified, "duration": [{"after": "10m", "times": times}, {"after": "1h", "times": 3}]},
        }
    ),
    *(st.floats(0, 90), st.floats(0, 90), st.floats(0, 30), st.floats(0, 50), st.floats(0, 2), st.floats(1, 3)),
)


@settings(max_examples=100, deadline=None)
@given(alarms_of_the_park, formulas)
def test_one_more_alarm_never_lowers_any_risk(alarms: list[tuple[str, StandingAlarm]], formula: RiskFormula) -> None:
    all_of_them = risks_of(*alarms, formula=formula)
    for i in range(len(alarms)):
        without = risks_of(*alarms[:i], *alarms[i + 1 :], formula=formula)
        assert all(all_of_them[one].score >= risk.score for one, risk in without.items())


@settings(max_examples=100, deadline=None)
@given(alarms_of_the_park, formulas, st.randoms())
def test_parts_add_up_whatever_the_order(
    alarms: list[tuple[str, StandingAlarm]], formula: RiskFormula, rng: Random
) -> None:
    risks = risks_of(*alarms, formula=formula)
    for risk in risks.values():
        assert risk.score == math.fsum(part.points for part in risk.parts)
        assert risk.colour is formula.colour(risk.score)
    rng.shuffle(alarms)
    assert risks_of(*alarms, formula=formula) == risks


@settings(max_examples=100, deadline=None)
@given(alarms_of_the_park, formulas, st.data())
def test_the_tree_says_at_any_time_what_one_look_at_everything_says(
    alarms: list[tuple[str, StandingAlarm]], formula: RiskFormula, data: st.DataObject
) -> None:
    """Alarms come, change and go; the clock moves, and may be put back; in the end all is cleared."""
    tree, standing, now_us = RiskTree(PARK, formula), dict[str, tuple[str, StandingAlarm]](), NOW
    tree.update(now_us)
    steps = st.lists(st.tuples(st.integers(0, 13), st.sampled_from([0, 0, 1, 600, 3_600, -900])), max_size=20)
    for which, seconds in data.draw(steps):
        now_us += seconds * S
        if which < len(alarms):
            subject, one = alarms[which]
            if one.alert_id in standing:
                tree.drop(one.alert_id)
                del standing[one.alert_id]
            else:
                tree.put(subject, one)
                standing[one.alert_id] = (subject, one)
        before = dict(tree.risks)
        told = {risk.subject for risk in tree.update(now_us)}
        assert tree.risks == risks_of(*standing.values(), now_us=now_us, formula=formula)
        assert {one for one, risk in tree.risks.items() if risk != before[one]} <= told
        assert tree.next_us == tree.risks["park"].next_us
    for alert_id in standing:
        tree.drop(alert_id)
    tree.update(now_us)
    assert tree.risks == assess(PARK, {}, now_us, formula)


def test_an_alarm_of_nobody_counts_for_the_park() -> None:
    tree = RiskTree(PARK, FORMULA)
    found = [tree.subject_of(*one) for one in (("acme.T101", "acme"), ("acme.gone", "acme"), ("", "zeta"), ("", ""))]
    assert found == ["acme.T101", "acme.*", "zeta.*", "park.*"]
