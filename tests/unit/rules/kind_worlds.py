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
    return made if "limits" in made or draw(st.booleans()) else made | {"limits_from": draw(moving_limits())}


@st.composite
def moving_limits(draw: st.DrawFn) -> Rule:
    """Of levels in any order, set by few tags: they pass each other, and the tags set their own."""
    moving = st.fixed_dictionaries(
        {"tag": st.sampled_from(["t0", "t1", "tank.t0", "gone"]), "times": st.sampled_from([1, 1, 0.5, -1])},
        optional={"plus": st.sampled_from([0, 1, 3, 8])},
    )
    delay = st.sampled_from(["0s", "0s", "1s", "3s"])
    made: Rule = draw(st.dictionaries(st.sampled_from(["LL", "L", "H", "HH"]), moving, max_size=4))
    return made | {"deadband": draw(st.sampled_from([0, 0, 1, 3])), "on_delay": draw(delay), "off_delay": draw(delay)}


@st.composite
def _rates(draw: st.DrawFn) -> Rule:
    """Windows as short and as long as the histories; limits on either side of nought."""
    limits = draw(alarms())
    shift, scale = draw(st.sampled_from([(5, 1), (5, 0.5), (7, 1)]))
    for level in limits.keys() & {"LL", "L", "H", "HH"}:
        limits[level] = limits[level] | {"limit": (limits[level]["limit"] - shift) * scale}
    fields: Rule = draw(
        _rule(
            "rate",
            window=st.sampled_from(["1s", "2s", "5s", "8s", "20s", "40s"]),
            per=st.sampled_from([None, "1s", "1s", "3s"]),
            max_gap=st.sampled_from([None, None, "2s", "30s"]),
            latch=st.sampled_from([None, None, True]),
        )
    )
    return fields | {"limits": limits}


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


@st.composite
def votes(draw: st.DrawFn) -> Rule:
    """Of each tag's own limit, or of one for all."""
    together, degrade = st.sampled_from(["source", "source", "enterprise", "rule"]), st.sampled_from(["keep", "lower"])
    common = {"together": together, "degrade": degrade, "m": st.integers(1, 3), "deadband": st.sampled_from([0, 1, 3])}
    made: Rule = draw(_fault("vote", **common))
    if draw(st.booleans()):
        return made | {"level": draw(st.sampled_from(["LL", "L", "H", "HH"]))}
    return made | draw(st.sampled_from([{"limit": 6}, {"limit": 4, "low": True}]))


@st.composite
def _uneven_limits(draw: st.DrawFn, limits: dict[str, float]) -> dict[str, Any]:
    """That no mean of small integers hits, so that rounding never decides."""
    delay = st.sampled_from(["0s", "0s", "1s", "3s"])
    made: dict[str, Any] = {"deadband": draw(st.sampled_from([0, 0.51, 1.01]))}
    made |= {"on_delay": draw(delay), "off_delay": draw(delay)}
    names = draw(st.sets(st.sampled_from(sorted(limits)), min_size=1))
    return made | {name: limits[name] for name in sorted(names)}


_LATCH = st.sampled_from([None, None, True])


@st.composite
def _window(draw: st.DrawFn) -> Rule:
    aggregate = draw(st.sampled_from(["mean", "mean", "max", "min", "sum", "count", "percentile"]))
    panes = draw(st.sampled_from([1, 2, 3, 4, 6]))
    scale = panes if aggregate == "sum" else 0.5 if aggregate == "count" else 1
    limits = {"LL": 1.03 * scale, "L": 3.03 * scale, "H": 5.03 * scale, "HH": 7.03 * scale}
    made: Rule = draw(
        _rule(
            "window",
            window=st.sampled_from([1, 2, 3]).map(lambda width: f"{width * panes}s"),
            panes=st.just(panes),
            aggregate=st.just(aggregate),
            percentile=st.sampled_from([0, 25, 50, 90, 100]) if aggregate == "percentile" else st.none(),
            sliding=st.sampled_from([None, True, False]),
            min_valid=st.sampled_from([None, 0.01, 0.5, 1]),
            grace=st.sampled_from([None, "0s", "1s", "3s"]),
            limits=_uneven_limits(limits),
            latch=_LATCH,
        )
    )
    return made


@st.composite
def _deviation(draw: st.DrawFn) -> Rule:
    limits = _uneven_limits({"LL": -4.03, "L": -1.03, "H": 1.03, "HH": 4.03})
    if draw(st.booleans()):
        reference = draw(st.sampled_from(["t0", "t1", "tank.t1"]))
        made: Rule = draw(_rule("deviation", reference=st.just(reference), limits=limits, latch=_LATCH))
        return made
    panes = draw(st.sampled_from([1, 2, 4, 6]))
    made = draw(
        _rule(
            "deviation",
            own_mean=st.sampled_from([1, 2, 3]).map(lambda width: f"{width * panes}s"),
            panes=st.just(panes),
            latch=_LATCH,
        )
    )
    if draw(st.booleans()):
        return made | {"limits": draw(limits)}
    delay = st.sampled_from(["0s", "0s", "1s", "3s"])
    made |= {"sigma": draw(st.sampled_from([0.61, 1.03, 2.03])), "least_sigma": draw(st.sampled_from([0, 0.71]))}
    return made | {"on_delay": draw(delay), "off_delay": draw(delay)}


@st.composite
def _forecast(draw: st.DrawFn) -> Rule:
    panes = draw(st.sampled_from([2, 3, 4, 6, 10]))
    of = draw(st.sampled_from(["mean", "value"]))
    made: Rule = draw(
        _rule(
            "forecast",
            of=st.just(of),
            window=st.sampled_from([1, 2, 3]).map(lambda width: f"{width * panes}s"),
            panes=st.just(panes),
            ahead=st.sampled_from(["1s", "3s", "8s"]) if of == "value" else st.none(),
            min_valid=st.sampled_from([None, 0.5, 0.75]),
            limits=_uneven_limits({"LL": 1.03, "L": 3.03, "H": 5.03, "HH": 7.03}),
            latch=_LATCH,
        )
    )
    return made


#: Kind -> its random rule, as in a file, without an id.
RULES: dict[str, st.SearchStrategy[Rule]] = {
    "limit": _limits(),
    "stale": _rule("stale", stale_after=st.sampled_from([None, "4s"]), stale_delay=st.sampled_from([None, "1s"])),
    "vote": votes(),
    "rate": _rates(),
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
    "window": _window(),
    "deviation": _deviation(),
    "forecast": _forecast(),
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
