"""What may be written, what it means, and what is said of mistakes: where, what, and the cure."""

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.expression.analysis import Analysis, analyse
from rules.expression.parse import DEEPEST, LONGEST, MOST_NODES, parse
from rules.expression.problems import ExpressionInvalid, Problem, Problems
from rules.expression.scope import Scope
from rules.expression.tree import Arithmetic, Comparison, Logic, Name, Negative, Node, Not, Number, Span
from tests.unit.rules.expression.worlds import source, table_of, tag

_WIND = (tag("wind_speed", "wind_speed", "m/s"), tag("WD-1", "wind_direction", "°"))
_TABLE = table_of(
    [source("WS1", *_WIND, kind="weather_station"), source("FL-NW", tag("nmhc", "nmhc", "mg/m3"), kind="fence_line")],
    acme=[
        source(
            "T1",
            tag("TI-101", "temperature", "°C"),
            tag("TI-102", "skin_temperature", "K"),
            tag("LT-101", "level", "m"),
            tag("nmhc", "nmhc", "mg/m3"),
            tag("CO", "carbon_monoxide", "ppm"),
            tag("SW-1", "status", ""),
            tag("PT-1", "pressure", "kPa"),
            tag("PT-2", "pressure", "kPa"),
        ),
        source("T2", tag("TI-201", "temperature", "K"), tag("LT-201", "level", "m")),
    ],
    other=[source("secret", tag("LT-9", "level", "m"))],
)


def look(text: str, sources: str = "acme.T1", names: Mapping[str, str] | None = None) -> Analysis:
    """What the checker makes of a text, seen from some sources."""
    scope = Scope(_TABLE)
    picked = [number for number, one in enumerate(scope.source_ids) if one in sources.split()]
    return analyse([text], scope, np.array(picked, dtype=np.intp), names or {})


def problems(text: str, sources: str = "acme.T1", names: Mapping[str, str] | None = None) -> list[str]:
    """As ``5: what is wrong``."""
    return [f"{one.column}: {one.message}" for one in look(text, sources, names).problems[0]]


def tree(text: str) -> Node:
    """Of a text without mistakes."""
    found = Problems()
    node = parse(text, found)
    assert not found.found
    return node


def shape(node: Node) -> str:
    """With all parentheses."""
    match node:
        case Logic(op=op, operands=operands):
            return "(" + f" {op} ".join(shape(one) for one in operands) + ")"
        case Comparison(ops=ops, operands=operands):
            rest = "".join(f" {op} {shape(one)}" for op, one in zip(ops, operands[1:], strict=True))
            return f"({shape(operands[0])}{rest})"
        case Arithmetic(op=op, left=left, right=right):
            return f"({shape(left)} {op} {shape(right)})"
        case Not(operand=operand):
            return f"(not {shape(operand)})"
        case Negative(operand=operand):
            return f"(-{shape(operand)})"
        case Name(text=text):
            return text
        case Number(value=value, unit=unit):
            return f"{value:g}{unit or ''}"
        case Span(us=us):
            return f"{us}us"
    raise AssertionError(node)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("a or b and not c", "(a or (b and (not c)))"),
        ("not a > 3 and b < 2", "((not (a > 3)) and (b < 2))"),
        ("a + b * -c / 2 > 1", "((a + ((b * (-c)) / 2)) > 1)"),
        ("a - b - c == 0", "(((a - b) - c) == 0)"),
        ("1 < a <= 5", "(1 < a <= 5)"),
        ("(a + b) * 2 ≥ 3", "(((a + b) * 2) >= 3)"),
        ("TI-101 - TI-102 > 5", "((TI-101 - TI-102) > 5)"),
        ("x -3 > y", "((x - 3) > y)"),
        ("a > 3 m/s and b < 40°C", "((a > 3m/s) and (b < 40°C))"),
        ("a > 80% or b > 25 %LEL", "((a > 80%) or (b > 25%LEL))"),
        ("a > 10m", "(a > 600000000us)"),
        ("a > 10 m", "(a > 10m)"),
        ("a > 2.5h / 2", "(a > (9000000000us / 2))"),
        ("a > 3 mg/m3 / 2", "(a > (3mg/m3 / 2))"),
        ("a > 1e3 and b > 2E-1", "((a > 1000) and (b > 0.2))"),
        ("a ＞ 3 and （b < 2）", "((a > 3) and (b < 2))"),
        ("a > 3\n  and b < 2", "((a > 3) and (b < 2))"),
    ],
)
def test_a_text_is_read_as_an_engineer_would(text: str, meant: str) -> None:
    assert shape(tree(text)) == meant


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nmhc >", "7: the text ends where a value should follow"),
        ("(nmhc > 3", "1: ( is not closed; add )"),
        ("nmhc > 3)", "9: there is no ( that this ) closes"),
        ("nmhc > 3 LT-101", "10: unexpected 'LT-101'; an operator"),
        ("nmhc > 3 and and CO > 2", "14: a value is missing before 'and'"),
        ("nmhc = 3", "6: '=': write == to compare"),
        ("nmhc > 3 && CO > 2", "10: '&&': write and"),
        ("!valid(nmhc)", "1: '!': write not"),
        ("nmhc ** 2 > 3", "6: '**': there are no powers; multiply"),
        ("nmhc > 3 furlong", "10: 'furlongs'"),
        ("'nmhc' > 3", '1: "\'": names stand without quotation marks'),
        ("nmhc > 25:70", "8: '25:70' is not a time of day"),
        ("mean(nmhc 10m) > 3", "11: unexpected '10m'; an operator"),
        ("mean(nmhc, ) > 3", "12: something is missing after the comma"),
        ("nmhc > .5", "8: '.': write 0.5, not .5"),
    ],
)
def test_a_slip_of_the_pen_is_told_at_its_column(text: str, said: str) -> None:
    if "furlong" in text:  # a furlong is a unit, only of another thing
        assert problems(text)[0].startswith("8: cannot compare nmhc (mg/m³) and 3 furlong")
        return
    assert any(one.startswith(said) for one in problems(text)), problems(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nmch > 3", "1: no tag is called nmch; did you mean nmhc?"),
        ("T3.LT-201 > 3", "1: no tag is called T3.LT-201; did you mean T2.LT-201"),
        ("secret.level > 3", "1: no tag is called secret.level"),
        ("other.secret.LT-9 > 3", "1: no tag is called other.secret.LT-9"),
        ("pressure > 3", "1: acme.T1 has 2 tags of quantity pressure: PT-1, PT-2; name one of them"),
        ("T2 > 3", "1: T2 is a source; say which of its tags: T2.quantity or T2.tag"),
        ("TI-101-TI-102 > 3", "1: no tag is called TI-101-TI-102; to subtract, put spaces around -"),
        ("LT-101-1 > 3", "1: no tag is called LT-101-1; to subtract, put spaces around -"),
        ("hour > 3", "1: no tag is called hour; write hour()"),
        ("avg(nmhc, 10m) > 3", "1: there is no function 'avg'; did you mean mean(x, 10m)?"),
        ("mena(nmhc, 10m) > 3", "1: there is no function 'mena'; did you mean mean(x, 10m)?"),
    ],
)
def test_a_name_that_leads_nowhere_is_told_with_what_may_have_been_meant(text: str, said: str) -> None:
    assert any(one.startswith(said) for one in problems(text)), problems(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("temperature > 3 m/s", "15: cannot compare temperature (°C) and 3 m/s (m/s): they measure different things"),
        ("nmhc > 3 ppm", "8: cannot compare nmhc (mg/m³) and 3 ppm (ppm): that needs the molar mass"),
        ("nmhc + level > 3", "8: cannot add nmhc (mg/m³) and level (m): they measure different things"),
        ("level > 2m", "9: cannot compare level (m) and 2m (s)"),
        ("temperature * level > 3", "13: temperature * level: °C has no natural zero"),
        ("max(level, nmhc, 3) > 3", "12: cannot compare level (m) and nmhc (mg/m³)"),
        ("bit(level, 3)", "5: level is measured in m; a word of bits has no unit"),
        ("age(nmhc) > 3 m", "13: cannot compare age(nmhc) (s) and 3 m (m)"),
        ("rate(level, 5m) > 2 m", "19: cannot compare rate(level, 5m) (m/s) and 2 m (m)"),
    ],
)
def test_units_that_do_not_fit_are_told_at_the_second_of_them(text: str, said: str) -> None:
    assert any(one.startswith(said) for one in problems(text)), problems(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nmhc", "1: a condition is needed here, and nmhc is a number; compare it, such as nmhc > 0"),
        ("nmhc > 3 and level", "14: a condition is needed here, and level is a number"),
        ("(nmhc > 3) + 1 > 2", "2: a number is needed here, and nmhc > 3 is a condition"),
        ("valid(nmhc) > 2", "1: a number is needed here, and valid(nmhc) is a condition"),
        ("nmhc > 22:00", "8: 22:00 is a time of day; it stands only in between(22:00, 06:00)"),
        ("mean(nmhc) > 3", "1: mean is given 1 argument; write mean(x, 10m)"),
        ("mean(nmhc, 10) > 3", "12: a duration is needed here, such as 10m or 1h, not 10"),
        ("mean(nmhc, 10 m) > 3", "12: 10 m are metres; minutes are written without a space: 10m"),
        ("mean(nmhc + 1, 10m) > 3", "6: mean looks at a tag, not at something reckoned"),
        ("mean(nmhc, 40d) > 3", "12: a window is 1s to 31d long, not 40d"),
        ("mean(nmhc, 10ms) > 3", "12: a window is 1s to 31d long, not 10ms"),
        ("hold(nmhc > 3) and nmhc > 1", "1: hold is given 1 argument; write hold(condition, 30s)"),
        ("bit(status, 60)", "13: the number of a bit is 0 to 52, not 60"),
        ("between(1, 06:00) and nmhc > 3", "9: a time of day is needed here, such as 22:00, not 1"),
        ("between(06:00, 06:00) and nmhc > 3", "1: the time begins and ends at the same minute"),
        ("nmhc / 0 > 3", "8: division by zero"),
        ("nmhc > 3 and 2 > 1", "16: both sides are fixed numbers; one should be measured"),
        ("hour() > 3", "0: no tag is looked at"),
        ("valid(nmhc, level)", "1: valid is given 2 arguments; write valid(x)"),
        ("max(level) > 3", "1: max is given 1 argument; write max(x, 10m)"),
    ],
)
def test_what_does_not_make_sense_is_told_with_the_cure(text: str, said: str) -> None:
    assert any(one.startswith(said) for one in problems(text)), problems(text)


def test_all_mistakes_of_a_text_are_told_at_once_in_order() -> None:
    found = problems("mena(nmhc, 10m) > 3 and temprature > 40 and level > 3 m/s and foo(", "acme.T1")
    assert [one.split(":")[0] for one in found] == ["1", "25", "53", "63", "66"]


def test_an_error_says_its_column_in_the_text_and_as_a_number() -> None:
    error = ExpressionInvalid([Problem(9, "b"), Problem(3, "a"), Problem(3, "a")], "rule r, when")
    assert (error.column, str(error)) == (3, "rule r, when: column 3: a; column 9: b")


@pytest.mark.parametrize(
    "text",
    [
        "temperature > 40 °C",
        "temperature > 313.15 K",
        "TI-101 - TI-102 > 5 K",
        "rate(temperature, 5m) > 2 °C/min",
        "level / 3 m > 80 %",
        "level > 2 ft and age(level) > 5m or age(level) > 300",
        "wind.speed < 10 km/h and wind.direction > 180",
        "mean(nmhc, 10m) > 2 * mean(background.nmhc, 1h) and wind.speed < 3 m/s",
        "max(level, 10m) - min(level, 10m) > 5 cm and max(level, 2, 3 m) > 1",
        "stddev(temperature, 1h) > 3 K",
        "bit(status, 3) and not bit(status / 2, 0)",
        "hold(valid(nmhc) and not stale(level), 30 s)",
        "mean(level, 10 min) > 2",
        "between(22:00, 06:00) and level > 0",
        "count(level, 1h) < 10 and sum(level, 1h) > 3 m",
        "acme.T1.level > 2 and T2.level > 2 and park.FL-NW.nmhc > 1 and FL-NW.nmhc > 1",
        "-level < -2 m and abs(TI-101 - 20 °C) > 5",
    ],
)
def test_what_makes_sense_is_taken(text: str) -> None:
    found = look(text, names={"background": "park.FL-NW"})
    assert found.problems == [[]]
    assert [warning for warning in found.warnings if "background" not in warning] == []
    assert len(found.meanings) == 1


def test_tags_of_one_name_in_several_units_need_limits_with_units() -> None:
    assert problems("temperature > 40 °C", "acme.T1 acme.T2") == []
    assert problems("temperature > 40", "acme.T1 acme.T2") == [
        "15: the tags are in several units (°C, K); write the unit of this number"
    ]


def test_sources_that_lack_a_name_are_left_out() -> None:
    found = look("nmhc > 3 and level > 1", "acme.T1 acme.T2")
    assert [Scope(_TABLE).source_ids[one] for one in found.sources] == ["acme.T1"]
    assert found.warnings == []


def test_a_rule_that_is_left_without_sources_is_a_warning() -> None:
    found = look("nmhc > 3 and T2.level > 1 and TI-201 > 3", "acme.T1 acme.T2")
    assert found.warnings == ["no source has all of the names: the rule watches nothing"]
    assert found.problems == [[]]


def test_own_names_go_before_all_others_and_idle_ones_are_a_warning() -> None:
    names = {"level": "T2.LT-201", "wind.speed": "park.WS1.WD-1", "idle": "T1"}
    found = look("level > 2 m and wind.speed > 90 °", names=names)
    assert list(found.meanings[0].named) == ["T2.LT-201", "park.WS1.WD-1"]
    assert found.warnings == ["names: idle is not used"]


def test_wind_needs_the_only_weather_station() -> None:
    bare = table_of([], acme=[source("T1", tag("a", "level", "m"))])
    scope = Scope(bare)
    found = analyse(["a > 1 and wind.speed > 3"], scope, np.arange(1), {})
    assert "wind.speed needs exactly one weather station" in found.problems[0][0].message
    assert found.problems[0][0].column == 11


@pytest.mark.parametrize(
    "text",
    [
        "x > 1" + " and x > 1" * (LONGEST // 10),
        "(" * (DEEPEST + 1) + "x > 1" + ")" * (DEEPEST + 1),
        "not " * (DEEPEST + 1) + "x > 1",
        " or ".join(["x > 1"] * (MOST_NODES // 3 + 2)),
        " and ".join(f"mean(nmhc, {n}s) > 1" for n in range(1, 10)),
        " and ".join(f"hold(nmhc > 1, {n}s)" for n in range(1, 10)),
    ],
)
def test_what_would_cost_too_much_is_refused_with_one_sentence(text: str) -> None:
    found = [one for one in problems(text) if "make two rules of it" in one]
    assert len(found) == 1


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="ab1.(),<>=+-*/ mhotrnds%°:_!&'\n", max_size=60))
def test_no_text_whatever_brings_the_reader_down(text: str) -> None:
    found = look(text)
    assert all(0 <= one.column <= len(text) + 1 for one in found.problems[0])
    assert found.is_right or not found.meanings
