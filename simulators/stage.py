"""What a simulator process is told to play: a park with a scenario, or a recording; read from a small file."""

import time
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from park.check import load_park
from park.duration import DurationUs
from park.model import Park
from simulators.live import LiveSource
from simulators.scenario import Scenario, read_scenario
from simulators.world import World


class Stage(BaseModel):
    """The part that all simulator processes share. Processes with one stage and one ``start_us`` play one plant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Park file.
    park: Path
    #: Scenario file: seed, speed, wind and faults. None: normal operation.
    scenario: Path | None = None
    #: Where there is no scenario.
    seed: int = Field(default=1, ge=0)
    #: Plant seconds a second, where there is no scenario.
    speed: float = Field(default=1.0, gt=0)
    period: DurationUs = Field(default=1_000_000, gt=0)
    #: Epoch microseconds; None: now. Give all processes of one scenario the same.
    start_us: int | None = None
    #: End when the scenario is over.
    end: bool = False

    @model_validator(mode="after")
    def _has_an_end(self) -> "Stage":
        if self.end and self.scenario is None:
            raise ValueError("end needs a scenario, which says when")
        return self

    def load_park(self) -> Park:
        """Raises OSError and park.yamlfile.FileInvalid."""
        return load_park(self.park.read_text("utf-8"), str(self.park)).park

    def load_scenario(self) -> Scenario | None:
        """Raises OSError and park.yamlfile.FileInvalid."""
        return None if self.scenario is None else read_scenario(self.scenario)

    def source(self) -> LiveSource:
        """The simulated park. Raises as the loaders do, and ValueError where a fault's target does not exist."""
        park, scenario = self.load_park(), self.load_scenario()
        start_us = self.start_us or time.time_ns() // 1000
        if scenario is None:
            return LiveSource(World(park, seed=self.seed, start_us=start_us, speed=self.speed), period_us=self.period)
        world = World.of_scenario(park, scenario, start_us=start_us)
        until_us = start_us + scenario.duration_us if self.end else None
        return LiveSource(world, period_us=self.period, until_us=until_us)
