"""What a connector says about itself."""

import numpy as np

from connectors.base import Health

_NOW_US = 1_795_305_600_000_000


def test_a_sample_from_far_ahead_does_not_spoil_the_newest_source_time() -> None:
    health = Health(connector="dcs", kind="opcua")
    health.note_source_time(np.array([_NOW_US - 5, _NOW_US + 61_000_000]), _NOW_US)
    assert health.last_source_us == _NOW_US - 5
    health.note_source_time(np.array([_NOW_US + 61_000_000]), _NOW_US)
    assert health.last_source_us == _NOW_US - 5
