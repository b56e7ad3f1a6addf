"""The small parts of reading: SQL by name, the scope, where a page of buckets ends, which form is wanted."""

import string

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.api.cursors import from_cursor, to_cursor
from service.api.sample_formats import Format, accepted
from service.api.times import parse_time_us, rfc3339
from service.store.samples import Key, Span, StoredTag, bucket_boundary
from service.store.scope import Scope
from service.store.sqlfile import SqlFile, UnknownQuery

MINUTE_US = 60_000_000


def test_a_misspelt_statement_is_an_error_that_names_the_others() -> None:
    with pytest.raises(UnknownQuery, match="it has alert_by_id"):
        SqlFile("alerts")["alert_by_idd"]


@pytest.mark.parametrize(
    ("scope", "acme", "borealis", "shared", "nobodys"),
    [
        (Scope.everything(), (True, True), (True, True), (True, True), (True, True)),
        (Scope.only("acme", park="park"), (True, True), (False, False), (True, False), (False, False)),
        (Scope.only("park", park="park"), (False, False), (False, False), (True, True), (False, False)),
    ],
    ids=["the park", "an enterprise", "the shared sources"],
)
def test_who_sees_and_who_acts(
    scope: Scope,
    acme: tuple[bool, bool],
    borealis: tuple[bool, bool],
    shared: tuple[bool, bool],
    nobodys: tuple[bool, bool],
) -> None:
    expected = {"acme": acme, "borealis": borealis, "park": shared, "": nobodys}
    assert {one: (scope.sees(one), scope.may_act_on(one)) for one in expected} == expected


@given(
    tags=st.sets(st.integers(0, 50), min_size=1, max_size=4),
    minutes=st.integers(1, 6),
    limit=st.integers(1, 9),
)
def test_pages_of_buckets_cover_every_bucket_once(tags: set[int], minutes: int, limit: int) -> None:
    stored = [StoredTag(ix=ix, id=str(ix), unit="") for ix in sorted(tags)]
    span = Span(from_us=7 * MINUTE_US, to_us=(7 + minutes) * MINUTE_US)
    everything = [Key(ix, (7 + k) * MINUTE_US) for ix in sorted(tags) for k in range(minutes)]
    start: Key | None = None
    covered: list[Key] = []
    while True:
        end = bucket_boundary(stored, span, MINUTE_US, start, limit)
        page = [key for key in everything if (start is None or key >= start) and (end is None or key < end)]
        assert len(page) <= limit
        covered += page
        if end is None:
            break
        start = end
    assert covered == everything


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        (None, Format.JSON),
        ("*/*", Format.JSON),
        ("text/csv", Format.CSV),
        ("text/html, text/*;q=0.8, */*;q=0.1", Format.CSV),
        ("application/json;q=0.5, application/vnd.apache.arrow.stream", Format.ARROW),
        ("text/csv;q=0, application/json", Format.JSON),
        ("image/png", None),
        ("", Format.JSON),
        ("text/csv;q=x", None),
    ],
)
def test_the_form_is_the_best_that_accept_takes(accept: str | None, form: Format | None) -> None:
    assert accepted(accept) == form


@given(st.integers(31_536_000_000_000, 4_000_000_000_000_000))
def test_times_are_read_as_they_are_written(us: int) -> None:
    text = rfc3339(us)
    assert text is not None
    assert parse_time_us(text) == us


@pytest.mark.parametrize("text", ["2026-11-01T08:00:00+08:00", "2026-11-01T08:00:00 08:00", "2026-11-01T00:00:00Z"])
def test_a_plus_that_the_url_lost_is_found_again(text: str) -> None:
    assert parse_time_us(text) == 1_793_491_200_000_000


@given(st.tuples(st.integers(-(2**62), 2**62), st.text(max_size=40)))
def test_cursors_come_back_as_they_went(place: tuple[int, str]) -> None:
    assert from_cursor(to_cursor(place), tuple[int, str]) == place


_TEXT = st.text(alphabet=string.printable + "±é漢\0\ud800", max_size=20)
_QUERIES = {
    "/api/v1/tags": ("enterprise", "source", "quantity", "prefix", "limit", "cursor"),
    "/api/v1/sources": ("enterprise", "kind", "prefix"),
    "/api/v1/alerts": ("state", "priority", "level", "from", "to", "limit", "cursor"),
    "/api/v1/connectors": ("gaps",),
    "/api/v1/samples": ("tag", "from", "to", "resolution", "limit", "cursor", "format"),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=150)
@given(data=st.data())
async def test_no_parameter_makes_it_fail(park: httpx.AsyncClient, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(_QUERIES)))
    names = data.draw(st.sets(st.sampled_from(_QUERIES[path]), min_size=1))
    query = {name: data.draw(_TEXT).encode("utf-8", "replace").decode() for name in sorted(names)}
    answer = await park.get(path, params=query)
    assert answer.status_code in (200, 404, 422) or (path == "/api/v1/samples" and answer.status_code == 503)
