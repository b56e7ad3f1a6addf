"""The page that senders read, and the schema they check against, say what the decoder does."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

import connectors
from tests.unit.connectors.codecs.parks import decode
from tests.unit.connectors.codecs.schema import SCHEMA

ROOT = Path(connectors.__file__).parent.parent
PAGE = (ROOT / "deploy/docs/payload.md").read_text("utf-8")
EXAMPLES: list[dict[str, Any]] = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)]
SCHEMA_EXAMPLES = [example for form in SCHEMA["$defs"].values() for example in form.get("examples", ())]


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("example", [*EXAMPLES, *SCHEMA_EXAMPLES], ids=lambda example: json.dumps(example)[:60])
def test_every_example_decodes_whole_and_fits_the_schema(example: dict[str, Any]) -> None:
    Draft202012Validator(SCHEMA).validate(example)
    outcome = decode(json.dumps(example).encode())
    assert not outcome.refusals
    assert outcome.rows


def test_the_page_shows_all_five_forms() -> None:
    assert len(EXAMPLES) == len(SCHEMA["oneOf"]) == 5


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"tag": "x", "t": 0},
        {"tag": "x", "t": "2026-11-22T05:00:00", "v": 1},
        {"tag": "x", "t": 0.5, "v": 1},
        {"tag": "x", "t": 0, "v": "1"},
        {"tag": "x", "t": 0, "v": 1, "q": "fine"},
        {"tag": "x", "t": [], "v": []},
        {"samples": []},
        {"samples": [{"tag": "x", "v": 1}]},
        {"t": 0, "values": {}},
        {"t": 0, "values": {"x": [1]}},
        {"t": [0], "values": {"x": 1}},
        {"tag": "x", "t": 0, "v": 1, "samples": [{"tag": "x", "t": 0, "v": 1}]},
    ],
    ids=json.dumps,
)
def test_the_schema_refuses_what_the_decoder_refuses(message: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Draft202012Validator(SCHEMA).validate(message)
    named = json.loads(json.dumps(message).replace('"x"', '"TK-101.LI-101"'))
    assert decode(json.dumps(named).encode()).refusals


def test_the_page_names_every_reason() -> None:
    codecs = [path for path in (ROOT / "connectors/codecs").glob("*.py") if path.name != "hj212.py"]  # it has its own
    sources = [*codecs, ROOT / "connectors/mqtt/inbound.py"]
    code = "".join(path.read_text("utf-8") for path in sources)
    reasons = set(re.findall(r'(?:Refused|BadTime|Refusal|return)\(?\s*"([a-z_]+_[a-z_]+|undecodable)"', code))
    assert len(reasons) > 12
    assert {reason for reason in reasons if f"`{reason}`" not in PAGE} == set()
