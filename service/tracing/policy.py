"""The section ``tracing`` of the configuration."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from park.duration import DurationUs

_MINUTE_US = 60_000_000


class TracingPolicy(BaseModel):
    """When traces are made. They are made on demand in any case."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Trace raised alerts of fence-line and air stations by itself.
    automatic: bool = True
    #: So long after an alert was found it is traced: by then the plume has reached the others, or has not.
    settle: Annotated[DurationUs, Field(ge=0)] = 5 * _MINUTE_US
    #: So long after it data that came late are looked for; where there are any it is traced once more.
    late_after: Annotated[DurationUs, Field(gt=0)] = 45 * _MINUTE_US
    #: After a start, alerts that were raised within this time and have no trace get one.
    catch_up: Annotated[DurationUs, Field(ge=0)] = 24 * 60 * _MINUTE_US
