"""How much anyone may push."""

from pydantic import BaseModel, ConfigDict, Field, PositiveFloat, PositiveInt

from connectors.http.decode import Limits
from park.duration import DurationUs

_MIB = 1024 * 1024


class PushPolicy(BaseModel):
    """``push:`` of the service's configuration; what the fields mean stands in connectors/http/README.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    most_body_bytes: PositiveInt = 32 * _MIB
    most_bytes: PositiveInt = Limits().most_bytes
    most_json_bytes: PositiveInt = Limits().most_json_bytes
    most_rows: PositiveInt = Limits().most_rows
    #: Bodies of all requests that are in memory at once; what is beyond is told to come again.
    most_held_bytes: PositiveInt = 128 * _MIB
    requests_per_s: PositiveFloat = 20.0
    requests_at_once: PositiveFloat = Field(default=200.0, ge=1)
    rows_per_s: PositiveFloat = 50_000.0
    decoding_at_once: PositiveInt = 2
    #: A body must have come within this time.
    receive_within: DurationUs = Field(default=60_000_000, gt=0)
    intake_within: DurationUs = Field(default=10_000_000, gt=0)
    remembered: PositiveInt = 10_000
    remembered_for: DurationUs = Field(default=86_400_000_000, gt=0)

    def limits(self) -> Limits:
        """Of one request."""
        return Limits(most_bytes=self.most_bytes, most_json_bytes=self.most_json_bytes, most_rows=self.most_rows)
