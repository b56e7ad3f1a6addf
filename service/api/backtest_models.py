"""The shapes of backtests and explanations, for the documentation of the interface."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from park.duration import DurationUs
from service.api.models import Time
from service.backtest.run import TICK_US

_RULES = "rules:\n  - {id: levels, kind: limit, limits: {H: 80, on_delay: 10s}, applies_to: {quantity: [level]}}\n"
Part = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00]+$")]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")


class BacktestBody(_Shape):
    """Which rules are tried on which stored samples."""

    rules: str = Field(description="Text of a rule file (YAML)", max_length=16_000_000, examples=[_RULES])
    from_: str = Field(
        alias="from", description="RFC 3339 with an offset", max_length=40, examples=["2026-11-01T00:00:00+08:00"]
    )
    to: str = Field(description="Not part of the span", max_length=40, examples=["2026-11-02T00:00:00+08:00"])
    against_live: bool = Field(default=False, description="Also tell how it differs from the rules that are live")
    tags: list[Part] = Field(
        default_factory=list,
        max_length=1_000,
        description="Only samples of these enterprises, sources or tags; empty: of all",
        examples=[["acme.tank-1"]],
    )
    tick: DurationUs = Field(default=TICK_US, gt=0, description="Length of a row of the journal", examples=["1s"])
    settle: DurationUs = Field(default=0, ge=0, description="Go on for so long after the end", examples=["0s"])


class BacktestShape(_Shape):
    """A backtest: how far it is, and what it has found."""

    id: str = Field(examples=["3b8e1c1e-6f1e-4f0e-9b7e-8f3c5a0f7d11"])
    by: str = Field(description="Name of the key that asked for it", examples=["control-room"])
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    asked: dict[str, Any] = Field(examples=[{"from": "2026-11-01T00:00:00.000000Z", "against_live": True}])
    asked_at: Time
    done: float = Field(description="Share that is done, 0 to 1", examples=[0.42])
    at: Time | None = Field(description="Source time that it has reached")
    samples: int = Field(description="Played so far", examples=[4_320_000])
    error: str = Field(description="Why it failed; empty: it has not")
    result: dict[str, Any] | None = Field(
        description="Per rule and source, against ISA-18.2, and against the live rules; null: not done yet",
        examples=[{"alerts": 12, "by_rule": [{"rule": "levels", "alerts": 12}], "against": None}],
    )


class BacktestsShape(_Shape):
    """The last ones, newest first, without their results."""

    items: list[BacktestShape]
