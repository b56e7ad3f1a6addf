"""Many data loggers at once through the whole service: every packet is acknowledged, every sample stored."""

import pytest

from deploy.bench.hj212 import measure


@pytest.mark.timeout(300)
async def test_many_loggers_lose_nothing() -> None:
    found = await measure(loggers=200, seconds=6)
    assert found["sent"] == found["acknowledged"] == 200 * 6
    assert (found["closed"], found["lost"]) == (0, 0)
    assert found["samples_stored"] == found["samples_sent"] == 200 * 6 * 5
    assert found["ack_p50_ms"] > 0
