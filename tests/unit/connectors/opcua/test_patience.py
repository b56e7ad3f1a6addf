"""Waiting: longer after each failure, and longer for a plant that stands still."""

from connectors.opcua.patience import Backoff, DataAge


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(1.0, 10.0, jitter=lambda: 1.0)
    assert [backoff.next_s() for _ in range(6)] == [1.0, 2.0, 4.0, 8.0, 10.0, 10.0]


def test_jitter_takes_up_to_half_away() -> None:
    backoff = Backoff(4.0, 10.0, jitter=lambda: 0.0)
    assert backoff.next_s() == 2.0
    assert all(2.0 <= Backoff(4.0, 10.0).next_s() <= 4.0 for _ in range(50))


def test_after_success_the_first_pause_is_short_again() -> None:
    backoff = Backoff(1.0, 60.0, jitter=lambda: 1.0)
    for _ in range(1100):
        backoff.next_s()
    backoff.reset()
    assert backoff.next_s() == 1.0


def _rebuilds(age: DataAge, until_s: int) -> list[int]:
    times = []
    for now_s in range(1, until_s):
        if age.give_up(now_s):
            times.append(now_s)
            age.begin(now_s)
    return times


def test_a_silent_plant_is_rebuilt_after_one_minute_two_four_and_at_most_every_so_often() -> None:
    age = DataAge(60.0, 300.0)
    age.news(0.0)
    assert _rebuilds(age, 1300) == [61, 182, 423, 724, 1025]
    assert age.rebuilt


def test_news_makes_it_impatient_again() -> None:
    age = DataAge(60.0, 300.0)
    age.news(0.0)
    _rebuilds(age, 500)
    age.news(500.0)
    assert not age.rebuilt
    assert not age.too_old(560.0)
    assert age.too_old(561.0)
    assert not age.give_up(560.0)
    assert age.give_up(561.0)


def test_the_age_goes_on_through_rebuilds() -> None:
    age = DataAge(60.0, 300.0)
    age.news(0.0)
    age.begin(61.0)
    assert age.too_old(62.0)


def test_an_age_of_zero_is_never_too_old() -> None:
    age = DataAge(0.0, 300.0)
    age.news(0.0)
    assert not age.too_old(1e9)
    assert not age.give_up(1e9)
