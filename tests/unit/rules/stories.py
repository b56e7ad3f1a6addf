"""Stories of one or a few tags, written on one line, and what the engine tells of them, one short line each.

``"0: 50 | 5: 91 | 9: 92? | 12 | 30: 14=80 15=79!"`` reads: at 0 s a sample 50 comes; at 5 s 91; at 9 s 92 of uncertain
quality; at 12 s nothing comes; at 30 s two samples come at once, one of 14 s, and a bad one of 15 s. ``b:7`` is a
sample of tag ``b``, ``b@14=80`` one of its 14th second; else they are of tag ``a``. ``resume`` in place of samples
restarts the service; ``reset`` resets every alert that was told of before, along with the samples beside it.

The answer ``"10 raised H high unverified @12"``: effective at 10 s, found at 12 s (left out where they are equal).
"""

import re
from typing import Any

import numpy as np

from park.batch import SampleBatch
from park.index import TagTable
from park.quality import Quality
from rules.engine import Engine
from rules.oracles.oracle import Oracle
from rules.spec import RuleSet, default_rules
from rules.transition import Transition
from tests.unit.rules.worlds import park_of

SECOND = 1_000_000
START_US = 1_800_000_000 * SECOND
_MARKS = {"": Quality.GOOD, "?": Quality.UNCERTAIN, "!": Quality.BAD}
_SAMPLE = re.compile(r"(?:([a-z]\w*)[:@])?(?:([-\d.]+)=)?(-?[\d.]+|nan|inf)([?!]?)")


def tag_of(tag_id: str = "a", *, device: str = "", **fields: Any) -> dict[str, Any]:
    """A tag of a park file; ``limits`` are short for ``alarms``."""
    limits = fields.pop("limits", None)
    made = {"id": tag_id, "quantity": "level", "unit": "%", **fields}
    if limits is not None:
        made["alarms"] = limits
    if device:
        made["from"] = {"connector": "mqtt", "device": device}
    return made


def table_of(*tags: dict[str, Any]) -> TagTable:
    """A park of these tags."""
    return TagTable(park_of(list(tags)))


def tell(
    story: str, *tags: dict[str, Any], rules: RuleSet | None = None, engine: Engine | None = None
) -> list[Transition]:
    """All that is told; by engine and oracle alike, unless an engine is handed in, which then knows the tags."""
    table = engine.tags if engine else table_of(*tags)
    told = _play(story, table, engine or Engine(table, rules or default_rules()))
    if engine is None:
        expected = _play(story, table, Oracle(table, rules or default_rules()))
        assert [short(one) for one in told] == [short(one) for one in expected], "engine and oracle differ"
    return told


def shorts(told: list[Transition]) -> list[str]:
    """As the module says."""
    return [short(one) for one in told]


def short(one: Transition) -> str:
    """As the module says."""
    words = [_seconds(one.effective_us), one.change.value]
    words += [one.level, one.side] if one.side else [one.target.removeprefix("acme.tank.")]
    words += ["unverified"] if one.unverified else []
    words += [f"@{_seconds(one.detected_us)}"] if one.detected_us != one.effective_us else []
    return " ".join(words)


def _seconds(time_us: int) -> str:
    return f"{(time_us - START_US) / SECOND:g}"


def _play(story: str, table: TagTable, stepper: Engine | Oracle) -> list[Transition]:
    told: list[Transition] = []
    for moment in story.split("|"):
        head, _, rest = moment.strip().partition(":")
        now_us = START_US + round(float(head) * SECOND)
        if rest.strip() == "resume":
            stepper.resume(now_us)
            continue
        if rest.strip().startswith("reset"):
            rest = rest.strip().removeprefix("reset")
            for alert_id in dict.fromkeys(one.alert_id for one in told):
                stepper.reset(alert_id)
        if rest.strip():
            stepper.step(_batch(rest, now_us, table))
        told.extend(stepper.advance(now_us))
    return told


def _batch(text: str, now_us: int, table: TagTable) -> SampleBatch:
    rows = []
    for word in text.split():
        match = _SAMPLE.fullmatch(word)
        assert match, f"{word!r} is no sample"
        info = table.by_id(f"acme.tank.{match[1] or 'a'}")
        assert info is not None
        time_us = now_us if match[2] is None else START_US + round(float(match[2]) * SECOND)
        rows.append((info.ix, time_us, float(match[3]), int(_MARKS[match[4]])))
    tag, time, value, quality = (np.array(column) for column in zip(*rows, strict=True))
    return SampleBatch(tag=tag, time_us=time, value=value, quality=quality, received_us=now_us, origin="story")
