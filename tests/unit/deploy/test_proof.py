"""What a scenario must have left in the database: what is not there is told, and what nobody explains."""

from collections.abc import Mapping
from typing import Any

import pytest

from deploy.proof import Proof
from park.index import TagTable
from simulators.scenario import Scenario, load_scenario
from tests.unit.simulators.hj212.parks import GAS, park

_START_US = 1_794_272_400_000_000
_FAULTS = {
    "crc_errors": f"{{kind: crc_errors, target: hj212/{GAS}, at: 1s, for: 5s}}",
    "wrong_mn": f"{{kind: wrong_mn, target: hj212/{GAS}, at: 1s, for: 5s}}",
    "link_down": f"{{kind: link_down, target: hj212/{GAS}, at: 10s, for: 12s}}",
    "calibration": "{kind: calibration, target: works.DA002.so2, at: 30s, for: 8s}",
}


class Database:
    """Answers as a database with these rows would."""

    def __init__(self, samples: tuple[int, int], letters: Mapping[str, int]) -> None:
        self._samples, self._letters = samples, letters
        self.asked: list[dict[str, Any]] = []

    def execute(self, query: str, parameters: dict[str, Any] | None = None) -> "Database":
        self._rows: list[tuple[Any, ...]] = [(7,)]
        if parameters is not None:
            self.asked.append(parameters)
            self._rows = [self._samples]
        elif "dead_letter" in query:
            self._rows = list(self._letters.items())
        return self

    def fetchone(self) -> tuple[Any, ...]:
        return self._rows[0]

    def fetchall(self) -> list[tuple[Any, ...]]:
        return self._rows


def _scenario(*faults: str) -> Scenario:
    lines = "".join(f"\n  - {_FAULTS[one]}" for one in faults)
    return load_scenario(f"name: x\npark: p\nseed: 1\nduration: 60s\nfaults:{lines or ' []'}\n", "x.yaml")


def _proof(database: Database, *faults: str) -> tuple[dict[str, Any], list[str]]:
    proof = Proof(database, TagTable(park()), _scenario(*faults), _START_US)  # type: ignore[arg-type]
    return proof.report(), proof.errors


def test_everything_that_should_be_there_is_no_error() -> None:
    database = Database((40, 40), {"bad_crc": 3, "unknown_device": 2})
    report, errors = _proof(database, *_FAULTS)
    assert errors == []
    assert report == {
        "refilled": {f"hj212/{GAS}": 40},
        "calibrated": {"works.DA002.so2": 40},
        "dead_letters": {"bad_crc": 3, "unknown_device": 2},
        "means_reported": 7,
        "telegrams_kept": 7,
    }


def test_the_database_is_asked_about_the_middle_of_a_fault() -> None:
    database = Database((40, 40), {})
    _proof(database, "link_down")
    (asked,) = database.asked
    assert (asked["from"], asked["to"]) == (_START_US / 1e6 + 11, _START_US / 1e6 + 21)
    assert sorted(asked["tags"]) == [f"works.DA002.{tag}" for tag in ("flow", "o2", "so2", "so2_converted")]


@pytest.mark.parametrize(
    ("samples", "letters", "fault", "said"),
    [
        pytest.param((19, 0), {}, "link_down", "had no network: 19 samples of that time, 20 at least", id="hole"),
        pytest.param((9, 8), {}, "calibration", "was calibrated: 8 of 9 samples say so", id="unmarked"),
        pytest.param((0, 0), {}, "calibration", "was calibrated: 0 of 0 samples say so", id="nothing"),
        pytest.param((0, 0), {}, "crc_errors", "no dead letter says bad_crc", id="no letter"),
        pytest.param((0, 0), {"bad_crc": 1}, "wrong_mn", "no dead letter says unknown_device", id="another letter"),
    ],
)
def test_what_is_missing_is_told(samples: tuple[int, int], letters: dict[str, int], fault: str, said: str) -> None:
    _, errors = _proof(Database(samples, letters), fault)
    assert any(said in one for one in errors), errors


def test_a_dead_letter_that_no_fault_explains_is_an_error() -> None:
    _, errors = _proof(Database((0, 0), {"unknown_tag": 1, "bad_time": 2}))
    assert errors == ["dead letters that the script does not explain: bad_time, unknown_tag"]
