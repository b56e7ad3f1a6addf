"""Stories of conditions: a park with one tank and the park's stations, told on one line, by engine and specification.

``"0: a=5 | 10: a=9? v=2 | 12: | 20: b=1!"``: at 10 s samples of ``a`` (uncertain) and of the wind's speed come; at 12 s
nothing; at 20 s a bad one of ``b``. ``resume`` in place of samples restarts the service. The answer ``"10 raised ?"``
is effective at 10 s and unverified; ``@12`` behind it: found at 12 s.
"""

import re
from typing import Any

import numpy as np

from park.batch import SampleBatch
from park.index import TagTable
from park.quality import Quality
from rules.engine import Engine
from rules.oracles.oracle import Oracle
from rules.spec import RuleSet
from rules.transition import Transition
from tests.unit.rules.expression.worlds import source, table_of, tag

SECOND = 1_000_000
#: 2027-01-15T08:00:00+08:00.
START_US = 1_799_971_200 * SECOND
_SAMPLE = re.compile(r"([a-z]\w*)=(-?[\d.]+)([?!]?)")
_QUALITY = {"": Quality.GOOD, "?": Quality.UNCERTAIN, "!": Quality.BAD}
TABLE = table_of(
    [source("WX", tag("v", "wind_speed", "m/s", "60s"), kind="weather_station")],
    acme=[source("T1", tag("a", "nmhc", "mg/m3", "60s"), tag("b", "level", "%"), tag("w", "status", ""))],
)


def rules_of(*rules: dict[str, Any]) -> RuleSet:
    """Of the kind that their fields tell."""
    made = [{"kind": "expression" if "when" in rule else "sequence", "id": f"r{n}"} for n, rule in enumerate(rules)]
    return RuleSet.model_validate({"rules": [one | rule for one, rule in zip(made, rules, strict=True)]})


def tell(story: str, *rules: dict[str, Any]) -> list[str]:
    """What is told, in short; by engine and specification alike."""
    rule_set = rules_of(*rules)
    told = play(story, Engine(TABLE, rule_set))
    expected = play(story, Oracle(TABLE, rule_set))
    assert [short(one) for one in told] == [short(one) for one in expected], "engine and specification differ"
    return [short(one) for one in told]


def short(one: Transition) -> str:
    """As the module says."""
    words = [_seconds(one.effective_us), one.change.value, *(["?"] if one.unverified else [])]
    return " ".join([*words, *([f"@{_seconds(one.detected_us)}"] if one.detected_us != one.effective_us else [])])


def _seconds(time_us: int) -> str:
    return f"{(time_us - START_US) / SECOND:g}"


def play(story: str, stepper: Engine | Oracle) -> list[Transition]:
    """All that is told."""
    told: list[Transition] = []
    for moment in story.split("|"):
        head, _, rest = moment.strip().partition(":")
        now_us = START_US + round(float(head) * SECOND)
        if rest.strip() == "resume":
            stepper.resume(now_us)
            continue
        if rest.strip():
            stepper.step(batch(rest, now_us, stepper.tags if isinstance(stepper, Engine) else TABLE))
        told += stepper.advance(now_us)
    return told


def batch(text: str, now_us: int, table: TagTable) -> SampleBatch:
    """Samples of now."""
    rows = []
    for word in text.split():
        match = _SAMPLE.fullmatch(word)
        assert match, word
        info = next(info for info in table.infos if info.tag.id == match[1])
        rows.append((info.ix, float(match[2]), int(_QUALITY[match[3]])))
    ix, value, quality = (np.array(column) for column in zip(*rows, strict=True))
    time_us = np.full(len(rows), now_us)
    return SampleBatch(tag=ix, time_us=time_us, value=value, quality=quality, received_us=now_us, origin="story")


def every_second(first: int, last: int, text: str) -> str:
    """The same samples each second."""
    return " | ".join(f"{second}: {text}" for second in range(first, last + 1))
