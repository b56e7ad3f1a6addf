"""What a configuration may say, what is subscribed to, and what the connector says of itself and to edge nodes."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

import connectors.sparkplug
import simulators
from connectors.mqtt.broker import BrokerConfig
from connectors.sparkplug import SparkplugConfig
from connectors.sparkplug.addresses import Addresses
from connectors.sparkplug.payload_pb2 import Payload
from connectors.sparkplug.state import rebirth_command, says_offline, state_message
from connectors.sparkplug.topic import Kind, NotSparkplug, Topic, parse_topic
from park.index import TagTable
from park.model import Park
from tests.unit.connectors.sparkplug.plant import NOON_MS, config

_HERE = Path(connectors.sparkplug.__file__)
README = _HERE.with_name("README.md").read_text("utf-8")
GUIDE = (_HERE.parents[2] / "deploy/docs/connect-sparkplug.md").read_text("utf-8")


def test_the_sample_in_the_readme_is_a_configuration() -> None:
    sample = re.search(r"```yaml\n(.*?)```", README, re.DOTALL)
    assert sample
    parsed = SparkplugConfig.model_validate(yaml.safe_load(sample[1]))
    assert parsed.enterprise_of == {"Hengtai Chemical": "hengtai", "Jinghui East": "jinghui"}


def test_the_readme_names_every_field_of_its_own() -> None:
    own = SparkplugConfig.model_fields.keys() - BrokerConfig.model_fields.keys()
    assert {name for name in own if f"`{name}`" not in README} == {"kind"}


def test_the_guide_tells_of_everything_that_is_counted() -> None:
    files = {file.name: file.read_text("utf-8") for file in _HERE.parent.glob("*.py")}
    lines = [
        line for text in files.values() for line in text.splitlines() if "note(" in line or "for reason in" in line
    ]
    counted = {word for line in lines for word in re.findall(r'"([a-z0-9_]+)"', line)}
    counted |= set(re.findall(r'"((?:quality|uneven)_[a-z]+)"', files["quality.py"]))
    assert counted == set(re.findall(r"^\| `([a-z0-9_]+)` \|", GUIDE, re.MULTILINE))
    assert {"seq_gap", "unit_differs", "quality_code", "unknown_alias"} < counted


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"enterprise_of": {"a/b": "E1"}}, "pattern"),
        ({"enterprise_of": {"a": "no id"}}, "pattern"),
        ({"host_id": "a/b"}, "pattern"),
        ({"state_form": "4"}, "3.0"),
        ({"all_groups": False}, "nothing would be subscribed to"),
        ({"rebirth_first": "10m"}, "shorter"),
        ({"topics": ["a"]}, "not permitted"),
        ({"username": "u", "password": "x"}, "in clear"),
    ],
)
def test_a_wrong_configuration_says_what_is_wrong(fields: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        config(**fields)


def test_births_deaths_and_data_of_all_groups_are_subscribed_to_and_commands_are_not() -> None:
    assert set(config().filters) == {
        *(f"spBv1.0/+/{kind}/+" for kind in ("NBIRTH", "NDATA", "NDEATH")),
        *(f"spBv1.0/+/{kind}/+/+" for kind in ("DBIRTH", "DDATA", "DDEATH")),
    }


def test_only_the_groups_given_are_subscribed_to_where_others_are_none_of_our_business() -> None:
    given = config(all_groups=False, enterprise_of={"West": "E1"}, host_id="us").filters
    assert {one.split("/")[1] for one in given} == {"West", "STATE"}
    assert given[-1] == "spBv1.0/STATE/us"


def test_the_broker_forgets_us_unless_told_otherwise() -> None:
    assert config().is_clean
    assert not config(session_expiry="1h").is_clean


def test_the_guides_part_of_a_park_file_is_one() -> None:
    shown = re.search(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    assert shown
    enterprise = {"id": "hengtai", "name": "Hengtai", **yaml.safe_load(shown[1])}
    table = TagTable(Park.model_validate({"id": "park", "name": "park", "enterprises": [enterprise]}))
    addresses = Addresses(table, "edge")
    assert list(addresses.of("hengtai", "EON1", "CEMS1")) == ["Stack/SO2"]
    assert addresses.faults == {}


def test_tags_that_no_metric_can_reach_are_listed() -> None:
    def tag(name: str, **origin: str) -> dict[str, object]:
        return {"id": name, "quantity": "level", "unit": "m", "from": {"connector": "edge", **origin}}

    tags = [tag("a"), tag("b", device="E", address="x"), tag("c", device="E", address="x")]
    source = {"id": "s", "kind": "tank", "position": [120.9, 30.1], "tags": tags}
    addresses = Addresses(TagTable(Park.model_validate({"id": "p", "name": "p", "sources": [source]})), "edge")
    assert {name: why.split(";")[0] for name, why in addresses.faults.items()} == {
        "p.s.a": "no device in its from",
        "p.s.c": "metric 'x' of E is another tag already",
    }


# --- topics


@pytest.mark.parametrize(
    ("text", "topic"),
    [
        ("spBv1.0/G 1/NBIRTH/E", Topic(Kind.NBIRTH, "G 1", "E", "")),
        ("spBv1.0/化工/DDATA/E/D", Topic(Kind.DDATA, "化工", "E", "D")),
        ("spBv1.0/STATE/host", Topic(Kind.STATE, "", "host", "")),
        ("STATE/host", Topic(Kind.STATE, "", "host", "")),
    ],
)
def test_topic_is_taken_apart(text: str, topic: Topic) -> None:
    assert parse_topic(text) == topic


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "spAv1.0/G/NBIRTH/E",
        "spBv1.0/G/NBIRTH",
        "spBv1.0/G/NBIRTH/E/D",
        "spBv1.0/G/DDATA/E",
        "spBv1.0/G/NCMD/E",
        "spBv1.0/G/STATE/E",
        "spBv1.0//NBIRTH/E",
        "spBv1.0/G/DDATA/E/D/F",
    ],
)
def test_other_topics_are_none_of_ours(text: str) -> None:
    with pytest.raises(NotSparkplug):
        parse_topic(text)


# --- what we say


def test_state_is_json_of_version_3_at_its_topic() -> None:
    said = state_message("us", "3.0", online=True, time_us=NOON_MS * 1000)
    assert (said.topic, said.qos, said.retain) == ("spBv1.0/STATE/us", 1, True)
    assert json.loads(said.payload) == {"online": True, "timestamp": NOON_MS}


def test_state_is_a_word_of_version_2_at_its_topic() -> None:
    said = [state_message("us", "2.2", online=online, time_us=0) for online in (True, False)]
    assert [(one.topic, one.payload, one.qos, one.retain) for one in said] == [
        ("STATE/us", b"ONLINE", 1, True),
        ("STATE/us", b"OFFLINE", 1, True),
    ]


@pytest.mark.parametrize(
    ("payload", "offline"),
    [(b'{"online": false, "timestamp": 1}', True), (b'{"online": true}', False), (b"OFFLINE", False), (b"[1]", False)],
)
def test_only_a_clear_denial_is_one(payload: bytes, offline: bool) -> None:
    assert says_offline(payload, "3.0") is offline
    assert says_offline(b"OFFLINE", "2.2")


def test_rebirth_is_asked_for_with_the_metric_that_the_specification_names() -> None:
    message = rebirth_command("G", "E", NOON_MS * 1000)
    assert (message.topic, message.qos, message.retain) == ("spBv1.0/G/NCMD/E", 0, False)
    (metric,) = Payload.FromString(message.payload).metrics
    assert (metric.name, metric.datatype, metric.boolean_value) == ("Node Control/Rebirth", 11, True)


def test_simulators_have_the_same_wire_format() -> None:
    theirs = Path(simulators.__file__).with_name("sparkplug_pb2.py")
    assert theirs.read_text("utf-8") == _HERE.with_name("payload_pb2.py").read_text("utf-8")
