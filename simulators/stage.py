"""What a simulator process is told to play: a park with a scenario, or a recording; read from a small file."""

import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from park.check import load_park
from park.duration import DurationUs
from park.index import TagTable
from park.model import Park
from simulators.live import LiveSource
from simulators.recording import RecordingConfig, RecordingSource, read_recording
from simulators.scenario import Scenario, read_scenario
from simulators.world import World


class Replay(RecordingConfig):
    """A recording to be played instead of a simulation."""

    #: Source time at which the recording begins, epoch microseconds. None: as the recording says.
    start_us: int | None = None
    #: Times as fast as it was recorded.
    speed: float = Field(default=1.0, gt=0)


class Stage(BaseModel):
    """The part that all simulator processes share. Processes with one stage and one ``start_us`` play one plant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Park file.
    park: Path
    #: Scenario file: seed, speed, wind and faults. None: normal operation.
    scenario: Path | None = None
    #: None: simulate.
    replay: Replay | None = None
    #: Where there is no scenario.
    seed: int = Field(default=1, ge=0)
    #: Plant seconds a second, where there is no scenario.
    speed: float = Field(default=1.0, gt=0)
    period: DurationUs = Field(default=1_000_000, gt=0)
    #: Epoch microseconds; None: now. Give all processes of one scenario the same.
    start_us: int | None = None
    #: End when the scenario or the recording is over.
    end: bool = False

    @model_validator(mode="after")
    def _has_an_end(self) -> "Stage":
        if self.end and self.scenario is None and self.replay is None:
            raise ValueError("end needs a scenario or a replay, which say when")
        return self

    def load_park(self) -> Park:
        """Raises OSError and park.yamlfile.FileInvalid."""
        return load_park(self.park.read_text("utf-8"), str(self.park)).park

    def load_scenario(self) -> Scenario | None:
        """Raises OSError and park.yamlfile.FileInvalid."""
        return None if self.scenario is None else read_scenario(self.scenario)

    def source(self) -> LiveSource | RecordingSource:
        """What is to be played.

        Raises as the loaders do, RecordingInvalid, and ValueError where a fault's target does not exist.
        """
        start_us = self.start_us or time.time_ns() // 1000
        return self._recorded(self.replay, start_us) if self.replay else self._simulated(start_us)

    def _recorded(self, replay: Replay, start_us: int) -> RecordingSource:
        table = TagTable(self.load_park())
        recording = read_recording(replay, table)
        return RecordingSource(recording, table, start_us=replay.start_us, play_from_us=start_us, speed=replay.speed)

    def _simulated(self, start_us: int) -> LiveSource:
        park, scenario = self.load_park(), self.load_scenario()
        if scenario is None:
            return LiveSource(World(park, seed=self.seed, start_us=start_us, speed=self.speed), period_us=self.period)
        world = World.of_scenario(park, scenario, start_us=start_us)
        until_us = start_us + scenario.duration_us if self.end else None
        return LiveSource(world, period_us=self.period, until_us=until_us)
