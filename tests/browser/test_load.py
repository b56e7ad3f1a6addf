"""Thousands of alarms, hundreds of changes a second: the page stays usable. Short form of ``deploy.bench.page``."""

from deploy.bench.page import measure

SECONDS, KEYS_A_SECOND_AT_LEAST = 6.0, 3


async def test_under_thousands_of_alarms_every_key_is_heard_and_the_page_does_not_grow() -> None:
    found = await measure(SECONDS, standing=5_000, changes_per_s=200)
    print(found)
    assert found["standing"] == 5_000
    assert found["keys"] >= KEYS_A_SECOND_AT_LEAST * SECONDS
    # Of thousands only what can be read is drawn.
    assert found["rows_drawn"] <= 240
    assert found["heap_growth"] <= 0.10
