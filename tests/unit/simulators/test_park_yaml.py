"""The writer keeps what the model says, in words that YAML does not misread."""

import pytest

from park.check import load_park
from park.model import Park
from simulators.park_yaml import to_yaml


def test_the_demonstration_park_survives_being_written(small_park: Park) -> None:
    text = to_yaml(small_park)
    assert load_park(text, "again.yaml").park == small_park
    assert to_yaml(load_park(text, "again.yaml").park) == text


@pytest.mark.parametrize("name", ["no", "1e3", "- x", "a: b", "甲,乙", "#1 罐", "", " x", 'say "hi"', "{a}", "~"])
def test_odd_names_survive(name: str) -> None:
    park = Park.model_validate({"id": "p", "name": name, "enterprises": [{"id": "e", "name": name}]})
    assert load_park(to_yaml(park), "odd.yaml").park == park


def test_a_tag_takes_one_line(small_park: Park) -> None:
    text = to_yaml(small_park)
    tags = sum(1 for _ in small_park.tags())
    assert sum(line.lstrip().startswith("- {id:") for line in text.splitlines()) == tags


def test_everything_that_can_be_said_is_written() -> None:
    park = Park.model_validate(
        {
            "id": "p",
            "name": "p",
            "future_limit": "30s",
            "past_limit_days": 10,
            "sources": [
                {
                    "id": "s",
                    "kind": "tank",
                    "position": [120.5, 30.25],
                    "hazard": {
                        "grade": 4,
                        "population_500m": 1,
                        "chemicals": [{"name": "x", "q_t": 2000.5, "hazard_class": ["W5.3", "J5"]}],
                    },
                    "from": {"connector": "c", "device": "d"},
                    "tags": [
                        {
                            "id": "t",
                            "quantity": "level",
                            "unit": "%",
                            "name": "液位",
                            "span": [-0.5, 1e-4],
                            "detection_limit": 0.001,
                            "stale_after": "1500ms",
                            "stale_delay": "1m",
                            "discrete": True,
                            "from": {"connector": "c", "address": 'ns=2;s=a"b'},
                            "alarms": {
                                "H": {"limit": 1, "deadband": 0, "on_delay": "5s", "off_delay": "1h"},
                                "HH": 2.5,
                                "deadband": 0.1,
                                "on_delay": "250ms",
                            },
                        }
                    ],
                }
            ],
        }
    )
    assert load_park(to_yaml(park), "all.yaml").park == park
