"""Reports open: as CSV, as XLSX read back by another library, as PDF; with what was judged, and how sure it is."""

import io

import httpx
import openpyxl
import pytest

from tests.integration.api.conftest import Stored
from tests.integration.api.test_emissions import COD, OUTLET, SPAN, _hour

DAY = f"outlet?source={OUTLET}&day=2026-11-01"


async def _file(client: httpx.AsyncClient, path: str) -> httpx.Response:
    answer = await client.get(f"/api/v1/reports/{path}")
    assert answer.status_code == 200, answer.text
    return answer


@pytest.fixture
def judged(store: Stored) -> Stored:
    """Four hours: good, revised, invalid, marked; the second over its limit."""
    _hour(store, COD, 0, 41.25)
    _hour(store, COD, 1, 60.0)
    _hour(store, COD, 1, 72.5, revision=2, refilled=12, why="refilled")
    _hour(store, COD, 2, 43.0, status=2, parts=10)
    _hour(store, COD, 3, 44.0, marked=15)
    store.execute(
        "INSERT INTO emission_exceedance (id, kind, tag, enterprise, source, quantity, start, side, value, limit_value,"
        " unit, provenance, unmarked, state, revision, judged, why) VALUES"
        f" ('1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed', 'hour', {store.ix(COD)}, 'borealis', '{OUTLET}', 'cod',"
        " '2026-11-01T01:00:00Z', 'high', 72.5, 50, 'mg/L',"
        """ '{"standard": "GB 31571-2015", "clause": "table 1"}', true, 'standing', 2, now(), 'over')"""
    )
    return store


async def test_an_outlets_day_is_a_workbook_with_its_hours(park: httpx.AsyncClient, judged: Stored) -> None:
    answer = await _file(park, f"{DAY}&format=xlsx")
    assert "attachment" in answer.headers["content-disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    cells = [cell for sheet in book for row in sheet.iter_rows(values_only=True) for cell in row]
    assert 41.25 in cells
    assert 72.5 in cells
    assert 60.0 not in cells, "a revision that no longer holds"
    texts = " ".join(str(cell) for cell in cells if isinstance(cell, str))
    assert "补采分钟数据 12 个" in texts
    assert "总排口" in texts


async def test_an_outlets_day_is_a_pdf(park: httpx.AsyncClient, judged: Stored) -> None:
    answer = await _file(park, f"{DAY}&format=pdf")
    assert answer.content.startswith(b"%PDF-")
    assert answer.headers["content-type"] == "application/pdf"


async def test_an_outlets_month_opens_without_a_single_judged_day(park: httpx.AsyncClient, judged: Stored) -> None:
    assert (await _file(park, f"{DAY}&span=month&format=pdf")).content.startswith(b"%PDF-")


async def test_the_list_of_exceedances_names_limit_standard_and_clause(park: httpx.AsyncClient, judged: Stored) -> None:
    text = (await _file(park, f"exceedances?{SPAN}&format=csv")).content.decode("utf-8-sig")
    assert "GB 31571-2015 table 1" in text
    assert "72.5" in text
    assert "总排口" in text


async def test_the_ranking_holds_a_line_for_each_device(park: httpx.AsyncClient, judged: Stored) -> None:
    text = (await _file(park, f"online?{SPAN}&format=csv&by=source")).content.decode("utf-8-sig")
    assert OUTLET in text


async def test_a_report_of_what_is_not_there_is_not_found(park: httpx.AsyncClient, acme: httpx.AsyncClient) -> None:
    assert (await park.get("/api/v1/reports/outlet?source=borealis.nothing&day=2026-11-01")).status_code == 404
    assert (await acme.get(f"/api/v1/reports/{DAY}")).status_code == 404
    assert (await acme.get(f"/api/v1/reports/exceedances?{SPAN}&enterprise=borealis")).status_code == 404
