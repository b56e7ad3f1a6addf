"""What one HTTP push connector is told. The address, the keys and the limits are the REST interface's."""

from typing import Literal

from pydantic import Field

from connectors.base import ConnectorConfig
from park.duration import DurationUs


class HttpConfig(ConnectorConfig):
    """Takes what is posted to ``/api/v1/samples`` for the tags that name it."""

    kind: Literal["http"]
    #: Degraded where nothing was pushed for so long. None: silence is left to the tags' own ``stale_after``.
    quiet_after: DurationUs | None = Field(default=None, gt=0)
