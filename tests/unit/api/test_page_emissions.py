"""The emissions view says what the code says: names, states, reasons and routes that it has copied are held to it."""

import re
from importlib.resources import files
from pathlib import Path

import pytest
from fastapi import FastAPI

import connectors.sparkplug
from connectors.hj212.deviations import DEVIATIONS
from park.model import OUTLET_KINDS
from park.quantities import QUANTITIES
from rules.emissions.compare import Reason
from rules.emissions.flags import Flag
from rules.emissions.means import Status
from rules.emissions.timeline import State

WEB = files("service.web").joinpath("src", "classic")
WORDS = WEB.joinpath("emission_words.js").read_text("utf-8")
PARTS = ("devices", "emissions", "exceedances", "hours", "marks", "outlet", "outlets", "pieces", "rates")


def _pairs(name: str) -> dict[str, tuple[str, str]]:
    text = WEB.joinpath(name).read_text("utf-8")
    return {word: (zh, en) for word, zh, en in re.findall(r'^  (\w+): \["([^"]*)", "([^"]*)"\],$', text, re.MULTILINE)}


def _keys(name: str) -> list[set[str]]:
    """Of the object of that name, in each language."""
    found = re.findall(rf"\b{name}: {{(.*?)}}", WORDS)
    assert len(found) == 2
    return [{quoted or bare for quoted, bare in re.findall(r'(?:"([^"]*)"|(\w+)): [`"]', one)} for one in found]


def test_quantities_have_the_names_that_the_vocabulary_gives_them() -> None:
    told = _pairs("quantities.js")
    assert {word: zh for word, (zh, _) in told.items()} == {word: one.name for word, one in QUANTITIES.items()}
    assert all(en for _, en in told.values())


def test_every_tolerated_deviation_of_hj212_is_told_as_the_connector_tells_it() -> None:
    told = _pairs("deviations.js")
    assert {word: told.get(word) for word in DEVIATIONS} == {word: (one.zh, one.en) for word, one in DEVIATIONS.items()}


def test_every_tolerated_deviation_of_sparkplug_is_told() -> None:
    sources = Path(connectors.sparkplug.__file__).parent.glob("*.py")
    noted = {word for path in sources for word in re.findall(r'\bnote\("(\w+)"', path.read_text("utf-8"))}
    assert noted
    assert noted <= set(_pairs("deviations.js"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("segments", {one.name.lower() for one in State}),
        ("meanStates", {one.name.lower() for one in Status}),
        ("notCompared", {one.name.lower().replace("_", " ") for one in Reason if one is not Reason.NONE}),
        ("flags", {one.name if one else "" for one in Flag}),
        ("kinds", {one.value for one in OUTLET_KINDS}),
        ("exceedanceKinds", {"warning", "hour", "day"}),
        ("whys", {"first", "late data", "refilled", "marks", "logger reported", "recomputed"}),
        ("sure", {"read", "secondary", "unverified", "inferred"}),
        ("markKinds", {"condition", "anomaly"}),
    ],
)
def test_both_languages_have_a_word_for_each(name: str, words: set[str]) -> None:
    assert _keys(name) == [words, words]


def test_the_view_asks_only_for_routes_that_exist(app: FastAPI) -> None:
    known = {path.removeprefix("/api/v1") for path in app.openapi()["paths"]}
    texts = "".join(WEB.joinpath(f"{name}.js").read_text("utf-8") for name in PARTS)
    asked = {re.sub(r"\$\{[^}]*}", "{}", one) for one in re.findall(r'["`](/[a-z-]+(?:/[^"`?]+)?)["`?]', texts)}
    asked |= {f"/emissions/{one}" for one in re.findall(r"\bask\(`(\w+)\?", texts)}
    asked -= {"/api/v1{}", "/emissions/{}"}  # the rest is put behind these
    assert {"/emissions/outlets", "/emissions/timeline", "/dead-letters", "/reports/outlet"} <= asked
    assert asked <= {re.sub(r"\{\w+}", "{}", path) for path in known}
