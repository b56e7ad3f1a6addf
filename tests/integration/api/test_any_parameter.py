"""Whatever stands in a parameter: the database is never asked something that makes it fail."""

import string

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.api.cursors import to_cursor

LEVEL = "acme.tank-1.li-101"
TEXT = st.text(alphabet=string.printable + "±é漢", max_size=12)
TIME = st.datetimes().map(lambda at: f"{at.isoformat()}Z")
CURSOR = st.one_of(
    st.tuples(st.integers(), TEXT).map(to_cursor),
    st.tuples(st.integers(), TEXT, st.integers()).map(to_cursor),
    st.tuples(st.integers(), st.integers()).map(to_cursor),
    st.tuples(*[st.integers(-(2**40), 2**70)] * 4).map(to_cursor),
    st.tuples(*[st.integers(0, 2**50)] * 4).map(to_cursor),
)
KINDS = {
    "cursor": CURSOR,
    "from": TIME,
    "to": TIME,
    "time": TIME,
    "priority": st.integers().map(str),
    "limit": st.just("3"),
}
PARAMETERS = {
    "/api/v1/alerts?history=true&": ("priority", "level", "enterprise", "source", "rule", "from", "to", "cursor"),
    "/api/v1/dead-letters?": ("connector", "reason", "from", "to", "limit", "cursor"),
    "/api/v1/raw-frames?": ("device", "connector", "from", "to", "limit", "cursor"),
    f"/api/v1/samples/{LEVEL}/raw?": ("time",),
    f"/api/v1/samples?tag={LEVEL}&": ("tag", "from", "to", "limit", "cursor"),
    f"/api/v1/samples?tag={LEVEL}&resolution=1m&": ("from", "to", "limit", "cursor"),
}


@pytest.mark.parametrize("path", PARAMETERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(data=st.data())
async def test_no_parameter_makes_the_database_fail(park: httpx.AsyncClient, path: str, data: st.DataObject) -> None:
    names = data.draw(st.sets(st.sampled_from(PARAMETERS[path]), min_size=1))
    query = {name: data.draw(KINDS.get(name, TEXT)) for name in sorted(names)}
    url, _, fixed = path.partition("?")
    answer = await park.get(f"{url}?{fixed}{httpx.QueryParams(query)}")
    assert answer.status_code in (200, 404, 422), (query, answer.text)
