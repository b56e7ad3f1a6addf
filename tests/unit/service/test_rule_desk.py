"""The desk makes ready what is needed before the row comes: changes, and what midnight brings."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from park.yamlfile import FileInvalid
from service.alerts.states import NotAllowed
from service.intake import JournalIntake
from service.journal.journal import Journal
from service.pipeline import Pipeline, Setup
from service.rules.desk import RuleDesk
from service.rules.files import RuleFile
from tests.unit.service.making import PARK_YAML, S_US, HandClock

LIMITS = "  - {id: tag-limits, kind: limit}\n"
TOMORROW = "  - {id: hot, kind: limit, applies_to: {tag: [TT]}, limits: {H: 30}, valid_from: 2026-11-23}\n"
#: 2026-11-23 00:00, UTC+08:00.
MIDNIGHT_US = 1_795_363_200_000_000


def rules(*lines: str) -> tuple[RuleFile, ...]:
    return (RuleFile(name="rules.yaml", text="rules:\n" + "".join(lines)),)


class Rig:
    """Pipeline and intake at work on a clock that is set by hand."""

    def __init__(self, journal: Journal, *lines: str) -> None:
        self.journal = journal
        self.clock = HandClock(MIDNIGHT_US - 3_600 * S_US)
        self.pipeline = Pipeline(journal, Setup(park_yaml=PARK_YAML, rule_files=rules(*lines)), lambda events: None)
        self.pipeline.recover()
        self.intake = JournalIntake(journal, self.pipeline.tags, self.clock, tick_s=0.001, on_row=self.pipeline.on_row)
        self.configured = rules(*lines)
        self.desk = RuleDesk(self.pipeline, self.intake, self.clock, lambda: self.configured)

    @property
    def live(self) -> list[str]:
        return [rule.id for rule in self.pipeline.engine.rules.rules]


@asynccontextmanager
async def working(tmp_path: Path, *lines: str) -> AsyncIterator[Rig]:
    with Journal(tmp_path / "journal.db") as journal:
        rig = Rig(journal, *lines)
        tasks = [asyncio.create_task(rig.intake.run()), asyncio.create_task(rig.desk.run())]
        try:
            yield rig
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)


async def test_what_midnight_brings_is_ready_before_it(tmp_path: Path) -> None:
    async with working(tmp_path, LIMITS, TOMORROW) as rig:
        await _next_row(rig)
        assert rig.live == ["tag-limits"]
        rig.clock.now_us = MIDNIGHT_US - 60 * S_US
        await rig.desk.look_ahead()
        rig.clock.now_us = MIDNIGHT_US
        await _next_row(rig)
        swap = rig.pipeline.rules.last_swap
        assert rig.live == ["tag-limits", "hot"]
        assert swap is not None
        assert swap.prepared


async def _next_row(rig: Rig) -> None:
    """One that only carries the time."""
    position = rig.journal.last_position
    await rig.pipeline.reached(position + 1)


async def test_change_that_is_refused_leaves_everything_as_it_was(tmp_path: Path) -> None:
    async with working(tmp_path, LIMITS) as rig:
        for text in ("  - {id: a, kind: limt}\n", "  - {id: a, kind: expression, when: nothing_here > 3}\n"):
            with pytest.raises(FileInvalid) as refused:
                await rig.desk.apply(rules(text), by="Li Wei", reason="x")
            assert refused.value.problems[0].line == 2
        assert (rig.desk.version.number, rig.live) == (1, ["tag-limits"])
        assert rig.journal.last_position == 0, "nothing was written"


async def test_two_who_change_at_once_take_turns(tmp_path: Path) -> None:
    async with working(tmp_path, LIMITS) as rig:
        made = await asyncio.gather(
            *(
                rig.desk.apply(rules(LIMITS, f"  # {number}\n"), by="Li Wei", reason=f"{number}", base=1)
                for number in range(3)
            ),
            return_exceptions=True,
        )
        assert [isinstance(one, NotAllowed) for one in made] == [False, True, True]
        assert rig.desk.version.number == 2


async def test_trying_changes_nothing_and_leaves_no_trace(tmp_path: Path) -> None:
    async with working(tmp_path, LIMITS) as rig:
        plan, trial = await rig.desk.try_out(rules(TOMORROW.replace("hot", "tag-limits")))
        assert plan.difference.changed == {"tag-limits": ("applies_to", "limits", "valid_from")}
        assert trial.told == {}
        assert (rig.desk.version.number, rig.journal.last_position) == (1, 0)


async def test_configured_files_that_cannot_be_taken_are_a_problem_until_they_can(tmp_path: Path) -> None:
    async with working(tmp_path, LIMITS) as rig:
        rig.configured = rules("  - {id: a, kind: limt}\n")
        await rig.desk.reload_quietly(by="SIGHUP", reason="x")
        assert "rules.yaml:2" in rig.desk.problems()[0]
        rig.configured = rules(LIMITS, TOMORROW)
        await rig.desk.reload_quietly(by="SIGHUP", reason="x")
        assert rig.desk.problems() == []
        assert rig.desk.version.number == 2
