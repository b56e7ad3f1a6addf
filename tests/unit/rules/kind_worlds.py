"""A random rule of each kind, fit for the small worlds of `tests.unit.rules.worlds`: values 0 to 10, seconds."""

from typing import Any

from hypothesis import strategies as st

from tests.unit.rules.worlds import alarms, latches_and_counts

Rule = dict[str, Any]

_uncertain = st.sampled_from(["evaluate", "evaluate", "bad"])
_selector = st.sampled_from([{}, {}, {"tag": ["t0", "t2"]}, {"quantity": ["level"]}])


def _rule(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Rule]:
    """Fields that come out as None are left out."""
    drawn = st.fixed_dictionaries({"applies_to": _selector, "uncertain": _uncertain, **fields})
    return drawn.map(lambda made: {"kind": kind, **{name: one for name, one in made.items() if one is not None}})


@st.composite
def _limits(draw: st.DrawFn) -> Rule:
    """The tags' own limits, the rule's, or those that other tags set; latches and counts."""
    made: Rule = draw(_rule("limit", limits=st.one_of(st.none(), alarms()))) | draw(latches_and_counts())
    return made


def _fault(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Rule]:
    """With delays and latches of its own."""
    delay = st.sampled_from([None, None, "1s", "3s"])
    return _rule(kind, on_delay=delay, off_delay=delay, latch=st.sampled_from([None, None, True]), **fields)


@st.composite
def conditions(draw: st.DrawFn, depth: int = 2) -> str:
    """Over the only tag that every small world has; without functions that say something of bad or missing data."""
    if depth == 0 or draw(st.integers(0, 2)) == 0:
        op, limit = draw(st.sampled_from(["<", "<=", ">", ">=", "==", "!="])), draw(st.integers(1, 9))
        number = draw(st.sampled_from(["t0", "t0", "tank.t0", "2 * t0 - 5", "abs(t0 - 5 %)", "10 / t0", "max(t0, 4)"]))
        return f"{number} {op} {limit}"
    one, other = draw(conditions(depth - 1)), draw(conditions(depth - 1))
    form = draw(st.sampled_from(["{a} and {b}", "{a} or {b}", "not ({a})", "hold({a}, 3s)", "hold({a} or {b}, 2s)"]))
    return f"({form.format(a=one, b=other)})"


#: Kind -> its random rule, as in a file, without an id.
RULES: dict[str, st.SearchStrategy[Rule]] = {
    "limit": _limits(),
    "stale": _rule("stale", stale_after=st.sampled_from([None, "4s"]), stale_delay=st.sampled_from([None, "1s"])),
    "frozen": _fault(
        "frozen",
        hold=st.sampled_from([None, "1s", "3s", "6s"]),
        tolerance=st.sampled_from([None, 0, 2, 4]),
        near_detection_limit=st.sampled_from([None, 0, 2]),
    ),
    "range": _fault(
        "range",
        margin=st.sampled_from([None, 0.1, 0.2]),
        sentinels=st.sampled_from([None, [5], [-9, 10], [0, 3, 4]]),
        clipped_for=st.sampled_from([None, "1s", "4s"]),
    ),
    "quality": _fault(
        "quality", bad_for=st.sampled_from(["1s", "3s"]), uncertain_for=st.sampled_from([None, "1s", "5s"])
    ),
    "expression": _rule(
        "expression",
        when=conditions(),
        on_delay=st.sampled_from(["0s", "0s", "2s", "5s"]),
        off_delay=st.sampled_from(["0s", "0s", "2s", "5s"]),
        latch=st.booleans(),
    ),
    "sequence": _rule(
        "sequence",
        first=conditions(),
        then=conditions(),
        within=st.sampled_from(["1s", "3s", "7s"]),
        alarm_if=st.sampled_from(["follows", "missing"]),
        on_delay=st.sampled_from(["0s", "0s", "2s"]),
        off_delay=st.sampled_from(["0s", "0s", "2s"]),
        latch=st.booleans(),
    ),
}
