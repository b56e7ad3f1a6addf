"""Whatever is in a file, the reader answers at once: data, or an explanation with line and column."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from park.check import load_park
from park.yamlfile import Document, FileInvalid
from tests.unit.park.parks import VALID, errors_of


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("", "park.yaml:1:1: the file is empty", id="empty"),
        pytest.param("# nothing but talk\n", "park.yaml:1:1: the file is empty", id="only a comment"),
        pytest.param("a: [1,\nb: 2", "park.yaml:3:1: not YAML: did not find expected ','", id="bracket left open"),
        pytest.param("a:\n\tb: 1", "park.yaml:2:1: not YAML: ", id="tab"),
        pytest.param("id: x\n---\nid: y", "park.yaml:2:1: not YAML: but found another document", id="two documents"),
        pytest.param("名: 园\nb: \x07", "park.yaml:2:4: not YAML: unacceptable character", id="control character"),
        pytest.param("a: \ud800", "park.yaml:1:1: not Unicode text; save the file as UTF-8", id="lone surrogate"),
        pytest.param("? [a]\n: b", "park.yaml:1:3: a key must be a word", id="list as key"),
        pytest.param("- 1", "park.yaml:1:1: Input should be a valid dictionary", id="a list"),
        pytest.param("5", "park.yaml:1:1: Input should be a valid dictionary", id="a number"),
        pytest.param("x: *nobody", "park.yaml:1:4: not YAML: found undefined alias", id="alias of nothing"),
        pytest.param("PK\x03\x04", "park.yaml:1:3: not YAML: ", id="a spreadsheet"),
    ],
)
def test_what_is_no_park_file_is_explained(text: str, told: str) -> None:
    assert errors_of(text)[0].startswith(told)


def bomb(levels: int) -> str:
    """Aliases of aliases: nine to the power of ``levels`` values in a few lines."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, levels)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(bomb(9), "too many values once aliases are expanded", id="four hundred million values"),
        pytest.param(bomb(60), "too many values once aliases are expanded", id="more than there are atoms"),
        pytest.param("a: &a [*a]", "an alias stands inside what it names", id="list that holds itself"),
        pytest.param("&a {b: *a}", "an alias stands inside what it names", id="mapping that holds itself"),
        pytest.param("[" * 900, "nested more than 100 levels deep", id="brackets"),
        pytest.param("[" * 200_000, "exceeded maximum nesting depth", id="more brackets than the parser takes"),
        pytest.param("- " * 100_000 + "x", "nested more than 100 levels deep", id="dashes"),
        pytest.param("a: " + "9" * 10_000, "unknown key 'a'", id="number of ten thousand digits"),
    ],
)
def test_file_made_to_harm_is_refused_quickly(text: str, told: str) -> None:
    began_s = time.perf_counter()
    errors = errors_of(text)
    assert time.perf_counter() - began_s < 2
    assert any(told in one for one in errors)


@given(st.text())
def test_any_text_gives_data_or_an_explanation(text: str) -> None:
    try:
        Document(text, "x.yaml")
    except FileInvalid as error:
        problems = error.problems
        lines = text.count("\n") + text.count("\r") + text.count("\x85") + text.count("\u2028") + text.count("\u2029")
        assert all(1 <= problem.line <= lines + 2 and problem.column >= 1 for problem in problems)


_yaml = st.recursive(
    st.sampled_from(["1", "-2.5", "NO", "'q'", "~", "true", ".nan", "1e999", "5s", "{}", "[]", "*x", "&x 1", "上"]),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: "[" + ", ".join(items) + "]"),
        st.lists(st.tuples(st.sampled_from(["id", "tags", "sources", "alarms", "H", "from"]), inner), max_size=3).map(
            lambda pairs: "{" + ", ".join(f"{key}: {value}" for key, value in pairs) + "}"
        ),
    ),
    max_leaves=8,
)


@given(key=st.sampled_from(["sources", "enterprises", "id", "name", "future_limit"]), value=_yaml)
def test_any_yaml_gives_a_park_or_an_explanation(key: str, value: str) -> None:
    try:
        load_park(f"id: p\nname: P\n{key}: {value}", "x.yaml")
    except FileInvalid as error:
        assert error.problems  # noqa: PT017


def test_shared_alias_is_read_wherever_it_stands() -> None:
    assert Document("a: &a {x: [1]}\nb: *a\nc: [*a, *a]", "x").data == {
        "a": {"x": [1]},
        "b": {"x": [1]},
        "c": [{"x": [1]}, {"x": [1]}],
    }


def test_scalars_follow_the_core_schema() -> None:
    text = "[1, -2, 0123, 1.5, .5, 1., 1e3, .inf, -.inf, ~, null, true, FALSE, 'true', \"1\", NO, on]"
    assert Document(text, "x").data == [
        *(1, -2, 123, 1.5, 0.5, 1.0, 1000.0, float("inf"), float("-inf")),
        *(None, None, True, False, "true", "1", "NO", "on"),
    ]


def test_large_park_is_read_within_seconds() -> None:
    tag = "          - {id: T-%d, quantity: level, unit: '%%', stale_after: 5s, alarms: {H: 80, HH: 90}}\n"
    head = VALID[: VALID.index("          - id: LT-101")]
    began_s = time.perf_counter()
    park = load_park(head + "".join(tag % i for i in range(2_000)), "park.yaml").park
    assert time.perf_counter() - began_s < 5
    assert sum(1 for _ in park.tags()) == 2_001
