"""The service killed under load, then without its database: nothing lost, nothing twice, nothing altered.

A short form of ``make torture``, which kills it twenty times and takes the database away for half a minute.
"""

import pytest

from deploy.torture import Outcome, torture

_KILLS = 3
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
async def outcome() -> Outcome:
    """One service, killed over and over, and once up again, left without its database for four seconds."""
    return await torture(kills=_KILLS, database_away_s=4.0)


async def test_every_sample_is_stored_exactly_once(outcome: Outcome) -> None:
    assert outcome.kills == _KILLS
    assert outcome.sent > 10_000
    assert (outcome.stored, outcome.duplicates_in_table) == (outcome.sent, 0)


async def test_every_alert_is_raised_exactly_once(outcome: Outcome) -> None:
    assert outcome.alerts_expected > 0
    assert (outcome.alerts_missing, outcome.alerts_unexpected) == ([], [])
    assert outcome.alerts_stored == outcome.alerts_expected


async def test_live_client_misses_nothing_and_gets_nothing_twice(outcome: Outcome) -> None:
    assert outcome.events >= outcome.alerts_expected
    assert (outcome.events_missed, outcome.events_twice) == (0, 0)


async def test_alarms_go_on_while_the_database_is_away(outcome: Outcome) -> None:
    assert outcome.events_without_database > 0


async def test_record_of_alerts_is_whole(outcome: Outcome) -> None:
    assert outcome.chain_faults == []
    assert outcome.flawless
