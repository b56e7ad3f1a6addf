"""Random conditions, rules and dense histories over a small park of several enterprises and shared stations.

Times begin before midnight of New Year's Eve, UTC+08:00. Numbers are small and whole, so that equality is common and
sums are exact; what is not (standard deviations, rates) is held against odd limits.
"""

import random
from datetime import datetime
from typing import Any

from hypothesis import strategies as st

from park.index import TagTable
from park.model import Park
from rules.oracles.conditions import names_in
from rules.spec import RuleSet
from tests.unit.rules.worlds import Action, Advance, Reset, Resume, Row, Samples

START_S = int(datetime.fromisoformat("2026-12-31T23:59:35+08:00").timestamp())


def tag(tag_id: str, quantity: str, unit: str, stale_after: str | None = None) -> dict[str, Any]:
    """Of a park file."""
    return {"id": tag_id, "quantity": quantity, "unit": unit, "stale_after": stale_after}


def source(source_id: str, *tags: dict[str, Any], kind: str = "tank") -> dict[str, Any]:
    """Of a park file."""
    return {"id": source_id, "kind": kind, "position": [120, 30], "tags": list(tags)}


def table_of(shared: list[dict[str, Any]], **enterprises: list[dict[str, Any]]) -> TagTable:
    """A park of these sources."""
    made = [{"id": one, "name": one, "sources": sources} for one, sources in enterprises.items()]
    return TagTable(Park.model_validate({"id": "park", "name": "Park", "sources": shared, "enterprises": made}))


_timeout = st.sampled_from([None, "3s", "7s"])


@st.composite
def tables(draw: st.DrawFn) -> TagTable:
    """``a`` and ``b`` are everywhere in the enterprises, ``c`` here and there; some tags never go stale."""

    def ab(*more: dict[str, Any]) -> list[dict[str, Any]]:
        a = tag("a", "nmhc", draw(st.sampled_from(["mg/m3", "mg/m3", "g/m3"])) if more else "mg/m3", draw(_timeout))
        return [a, tag("b", "level", "%", draw(_timeout)), *more]

    wind = [tag("v", "wind_speed", "m/s", draw(_timeout)), tag("d", "wind_direction", "°", draw(_timeout))]
    shared = [
        source("WX", *wind, kind="weather_station"),
        source("FL", tag("a", "nmhc", "mg/m3", draw(_timeout)), kind="fence_line"),
    ]
    word = tag("c", "word", "", draw(_timeout))
    return table_of(shared, acme=[source("S1", *ab()), source("S2", *ab(word))], beta=[source("S1", *ab())])


#: By what it measures: names that every source of the enterprises has, and limits.
_NAMES = {
    "nmhc": (["a", "nmhc", "S1.a", "bg.a", "FL.nmhc", "park.FL.a"], "mg/m3"),
    "level": (["b", "level", "S1.level"], "%"),
    "wind": (["wind.speed", "WX.v", "speed"], "m/s"),
}
#: Names that rules define for themselves.
OWN_NAMES = {"bg": "park.FL", "speed": "park.WX.v"}
_seconds = st.sampled_from([1, 2, 4, 8, 20])
_compare = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])


@st.composite
def numbers(draw: st.DrawFn, what: str, depth: int = 2) -> str:
    """Something that measures ``what``."""
    names, unit = _NAMES[what]
    name = draw(st.sampled_from(names))
    if depth == 0:
        return name
    form = draw(st.integers(0, 9))
    if form <= 3:
        function = draw(st.sampled_from(["mean", "max", "min"]))
        return f"{function}({name}, {draw(_seconds)}s)"
    if form <= 5:
        return name
    one, other = draw(numbers(what, depth - 1)), draw(numbers(what, depth - 1))
    whole = draw(st.integers(1, 3))
    return draw(
        st.sampled_from(
            [
                f"{one} + {other}",
                f"({one} - {other})",
                f"{whole} * {one}",
                f"-{one}",
                f"{one} / {whole - 1 or 2}",
                f"abs({one} - {other})",
                f"max({one}, {other}, {whole} {unit})",
                f"min({one}, {other})",
                f"({one} + {whole} {unit})",
            ]
        )
    )


@st.composite
def comparisons(draw: st.DrawFn) -> str:
    """Of numbers with limits or with each other, and all that is a condition by itself."""
    what = draw(st.sampled_from(sorted(_NAMES)))
    names, unit = _NAMES[what]
    name, other = draw(st.sampled_from(names)), draw(st.sampled_from(names))
    number, op, limit = draw(numbers(what)), draw(_compare), draw(st.integers(0, 9))
    window = f"{draw(_seconds)}s"
    return draw(
        st.sampled_from(
            [
                f"{number} {op} {limit} {unit}",
                f"{number} {op} {limit} {unit}",
                f"{number} {op} {draw(numbers(what))}",
                f"{number} {op} {draw(numbers(what))}",
                f"1 {unit} < {number} <= {limit} {unit}",
                f"{name} / {other} {op} {limit}",
                f"{name} / {other} {op} {limit}00 %",
                f"count({name}, {window}) {op} {limit}",
                f"sum({name}, {window}) {op} {limit} {unit}",
                f"stddev({name}, {window}) > 1.37 {unit}",
                f"rate({name}, {window}) > 22.9 {unit}/min",
                f"age({name}) {op} {limit}s",
                f"valid({name})",
                f"stale({name})",
                f"bit({name} / (1 {unit}), {limit % 3})",
                f"hour() {op} {draw(st.sampled_from([0, 23]))}",
                draw(st.sampled_from(["between(23:00, 24:00)", "between(23:59, 00:01)", "between(00:00, 00:01)"])),
            ]
        )
    )


@st.composite
def texts(draw: st.DrawFn, depth: int = 2) -> str:
    """A condition that looks at some tag."""
    made = draw(_texts(depth))
    return made if names_in(made) else f"{made} or a > 5 mg/m3"


@st.composite
def _texts(draw: st.DrawFn, depth: int) -> str:
    if depth == 0 or draw(st.integers(0, 2)) == 0:
        return draw(comparisons())
    one, other = draw(_texts(depth - 1)), draw(_texts(depth - 1))
    forms = [f"({one} and {other})", f"({one} or {other})", f"not ({one})", f"hold({one}, {draw(_seconds)}s)"]
    return draw(st.sampled_from(forms))


_common = {
    "uncertain": st.sampled_from(["evaluate", "evaluate", "bad"]),
    "on_delay": st.sampled_from(["0s", "0s", "2s", "5s"]),
    "off_delay": st.sampled_from(["0s", "0s", "2s", "5s"]),
    "latch": st.sampled_from([False, False, True]),
    "names": st.just(OWN_NAMES),
    "applies_to": st.sampled_from([{"enterprise": ["acme", "beta"]}, {"source": ["S1"]}, {"enterprise": ["acme"]}]),
}
_plain = st.builds("{} {} {} mg/m3".format, st.sampled_from(["a", "S1.a", "bg.a"]), _compare, st.integers(0, 9))
_expression = st.fixed_dictionaries({"kind": st.just("expression"), "when": texts(), **_common})
_sequence = st.fixed_dictionaries(
    {
        "kind": st.just("sequence"),
        "first": _plain | texts(1),
        "then": _plain | texts(1),
        "within": st.sampled_from(["1s", "3s", "7s"]),
        "alarm_if": st.sampled_from(["follows", "missing"]),
        **_common,
    }
)
KINDS = {"expression": _expression, "sequence": _sequence}


@st.composite
def rule_sets(draw: st.DrawFn, kind: str) -> RuleSet:
    """A few rules of a kind."""
    rules = draw(st.lists(KINDS[kind], min_size=1, max_size=3))
    return RuleSet.model_validate({"rules": [{"id": f"r{number}", **rule} for number, rule in enumerate(rules)]})


@st.composite
def histories(draw: st.DrawFn, table: TagTable) -> tuple[Action, ...]:
    """Most tags have a sample most seconds; some fall silent, some come late, in backlogs, or too early."""
    chance = random.Random(draw(st.integers(0, 2**32)))
    targets = ("acme.S1", "acme.S2", "beta.S1")
    level = {ix: chance.randint(0, 9) for ix in range(len(table))}
    actions: list[Action] = []
    held_back: list[Row] = []
    now_s = 0
    for _ in range(draw(st.integers(1, 60))):
        now_s += chance.choice([0, 1, 1, 1, 1, 1, 2, 3])
        silent = chance.random() < 0.15
        rows = [_row(ix, now_s, level, chance) for ix in range(len(table)) if chance.random() < 0.8 and not silent]
        held_back += [row for row in rows if row[0] == 0 and chance.random() < 0.3]
        rows = [row for row in rows if row not in held_back]
        if chance.random() < 0.15:
            rows, held_back = [*rows, *held_back], []
        if rows:
            actions.append(Samples(tuple(rows)))
        if chance.random() < 0.03:
            actions.append(Resume(now_s))
        elif chance.random() < 0.05:
            actions.append(Reset(("r0", "r1", "r2"), targets, now_s))
        if chance.random() < 0.9:
            actions.append(Advance(now_s))
    return (*actions, Advance(now_s + 1), Advance(now_s + 30))


def _row(ix: int, now_s: int, level: dict[int, int], chance: random.Random) -> Row:
    level[ix] = min(9, max(0, level[ix] + chance.choice([-3, -1, 0, 0, 0, 1, 3])))
    quality = chance.choice([0] * 20 + [1, 2])
    return ix, now_s + chance.choice([0, 0, 0, 0, -1, 1]), float(level[ix]), quality
