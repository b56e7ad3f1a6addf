"""The service is killed while data loggers run: afterwards every minute is there, and hours tell of their revisions.

Their clocks run fast, through hours that are just past, so that the hours end while one waits.
"""

import pytest

from deploy.outage import FORGETS, KEEPS, Refill, outage

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
async def found() -> dict[str, Refill]:
    """By logger; the service was away for an hour of theirs or more."""
    return await outage(away_s=4.0)


@pytest.mark.parametrize("mn", [KEEPS, FORGETS])
def test_every_minute_is_there_after_an_outage(found: dict[str, Refill], mn: str) -> None:
    assert found[mn].minutes_made > 60
    assert (found[mn].minutes_missing, found[mn].minutes_wrong) == (0, 0)


def test_what_a_logger_forgot_to_say_is_asked_for(found: dict[str, Refill]) -> None:
    assert found[FORGETS].minutes_asked > 0


@pytest.mark.parametrize("mn", [KEEPS, FORGETS])
def test_hours_are_those_of_all_their_minutes_in_the_end(found: dict[str, Refill], mn: str) -> None:
    assert found[mn].hours_made >= 1
    assert found[mn].hours_wrong == []


@pytest.mark.parametrize("mn", [KEEPS, FORGETS])
def test_hours_of_the_outage_show_their_revisions_and_why(found: dict[str, Refill], mn: str) -> None:
    assert found[mn].revisions > 1
    assert "first" in found[mn].why
    assert {"late data", "refilled"} & set(found[mn].why)
