"""Selecting tags by look-up finds what a walk over all tags finds, in the same order, and fast."""

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from park.index import TagTable
from park.model import Park
from rules.spec import Selector

_QUANTITIES = ("level", "temperature", "benzene", "nothing")
_KINDS = ("tank", "reactor", "gas_detectors", "air_station")
_CHLORINE = {"name": "chlorine", "q_t": 30}
_BENZENE = {"name": "benzene", "q_t": 60}


@st.composite
def _sources(draw: st.DrawFn, prefix: str) -> list[dict[str, Any]]:
    return [
        {
            "id": f"{prefix}{s}",
            "kind": draw(st.sampled_from(_KINDS[:3])),
            "position": [120, 30],
            "hazard": draw(
                st.sampled_from(
                    [None, *({"grade": g, "population_500m": 0, "chemicals": [_CHLORINE]} for g in (1, 3, 4))]
                )
            ),
            "tags": [
                {"id": f"t{t}", "quantity": draw(st.sampled_from(_QUANTITIES[:3])), "unit": "%"}
                for t in range(draw(st.integers(0, 4)))
            ],
        }
        for s in range(draw(st.integers(0, 3)))
    ]


@st.composite
def _tables(draw: st.DrawFn) -> TagTable:
    enterprises = [{"id": e, "name": e, "sources": draw(_sources("s"))} for e in ("acme", "zeta")]
    return TagTable(
        Park.model_validate({"id": "p", "name": "P", "sources": draw(_sources("s")), "enterprises": enterprises})
    )


def _some(*names: Any) -> st.SearchStrategy[list[Any] | None]:
    return st.one_of(st.none(), st.lists(st.sampled_from(names), min_size=1, max_size=3))


_LISTS: dict[str, st.SearchStrategy[Any]] = {
    "quantity": _some(*_QUANTITIES),
    "source_kind": _some(*_KINDS),
    "enterprise": _some("acme", "zeta", "p", "nobody"),
    "source": _some("s0", "s1", "acme.s0", "p.s2", "acme"),
    "tag": _some("t0", "t3", "acme.s0.t1", "zeta.s1.t0", "s0"),
    "grade": _some(1, 2, 3),
}
_but_not = st.one_of(st.none(), st.lists(st.fixed_dictionaries(_LISTS), min_size=1, max_size=2))
_selectors = st.fixed_dictionaries({**_LISTS, "but_not": _but_not}).map(Selector.model_validate)


@given(_tables(), st.lists(_selectors, min_size=1, max_size=8))
@settings(max_examples=100, deadline=None)
def test_look_up_finds_what_a_walk_finds_in_the_same_order(tags: TagTable, selectors: list[Selector]) -> None:
    for selector in selectors:
        assert selector.pick(tags) == [info for info in tags.infos if selector.fits(info)]


def test_sources_that_are_no_hazard_fit_no_grade() -> None:
    plain = {"id": "s", "kind": "tank", "position": [120, 30], "tags": [{"id": "t", "quantity": "level", "unit": "%"}]}
    tags = TagTable(Park.model_validate({"id": "p", "name": "P", "sources": [plain]}))
    assert Selector(grade=(1, 2, 3, 4)).pick(tags) == []
    assert len(Selector().pick(tags)) == 1


@pytest.mark.bench
def test_selecting_for_5000_rules_over_100k_tags_takes_a_second() -> None:
    sources = [
        {
            "id": f"T{s}",
            "kind": "tank",
            "position": [120, 30],
            "tags": [{"id": f"t{t}", "quantity": "level", "unit": "%"} for t in range(100)],
        }
        for s in range(1_000)
    ]
    tags = TagTable(
        Park.model_validate({"id": "p", "name": "P", "enterprises": [{"id": "e", "name": "E", "sources": sources}]})
    )
    assert len(tags.inverted.columns) == 6
    began_s = time.process_time()
    for number in range(5_000):
        assert len(Selector(source=(f"T{number % 1_000}",), quantity=("level",)).pick(tags)) == 100
    assert time.process_time() - began_s < 1.0
