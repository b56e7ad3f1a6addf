"""A random rule of each kind, fit for the small worlds of `tests.unit.rules.worlds`: values 0 to 10, seconds."""

from typing import Any

from hypothesis import strategies as st

from tests.unit.rules.worlds import alarms

Rule = dict[str, Any]

_uncertain = st.sampled_from(["evaluate", "evaluate", "bad"])
_selector = st.sampled_from([{}, {}, {"tag": ["t0", "t2"]}, {"quantity": ["level"]}])


def _rule(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Rule]:
    """Fields that come out as None are left out."""
    drawn = st.fixed_dictionaries({"applies_to": _selector, "uncertain": _uncertain, **fields})
    return drawn.map(lambda made: {"kind": kind, **{name: one for name, one in made.items() if one is not None}})


#: Kind -> its random rule, as in a file, without an id.
RULES: dict[str, st.SearchStrategy[Rule]] = {
    "limit": _rule("limit", limits=st.one_of(st.none(), alarms())),
    "stale": _rule("stale", stale_after=st.sampled_from([None, "4s"]), stale_delay=st.sampled_from([None, "1s"])),
}
