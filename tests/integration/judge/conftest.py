"""What the tests of the judge share."""

from collections.abc import Callable, Iterator

import pytest


@pytest.fixture
def two_databases(new_database: Callable[[], tuple[str, Callable[[], None]]]) -> Iterator[tuple[str, str]]:
    """Two empty ones, to be compared."""
    (one, drop_one), (other, drop_other) = new_database(), new_database()
    yield one, other
    drop_one()
    drop_other()
