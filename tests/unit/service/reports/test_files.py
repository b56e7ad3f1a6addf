"""Reports as files: read back by other libraries than those that wrote them."""

import csv
import io
import re
from collections.abc import Callable
from dataclasses import replace

import openpyxl
import pytest
from pypdf import PdfReader

from service.reports import files, layout
from service.reports.files import FileFormat
from service.reports.model import Cell, Column, OutletReport, PeriodMean, Report, Span, Table
from tests.unit.service.reports import samples

REPORTS: dict[str, Callable[[], Report]] = {
    "day": lambda: layout.outlet(samples.outlet()),
    "month": lambda: layout.outlet(samples.outlet(Span.MONTH)),
    "exceedances": lambda: layout.exceedances(samples.exceedances(40)),
    "online": lambda: layout.online(samples.online()),
}


@pytest.fixture(params=REPORTS)
def report(request: pytest.FixtureRequest) -> Report:
    return REPORTS[str(request.param)]()


def _csv(report: Report) -> list[list[str]]:
    return list(csv.reader(io.StringIO(files.write(report, FileFormat.CSV).decode("utf-8-sig"))))


def _book(report: Report) -> openpyxl.Workbook:
    return openpyxl.load_workbook(io.BytesIO(files.write(report, FileFormat.XLSX)))


def _text(report: Report) -> str:
    pages = PdfReader(io.BytesIO(files.write(report, FileFormat.PDF))).pages
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))


@pytest.mark.parametrize("form", FileFormat)
def test_the_same_report_gives_the_same_bytes(form: FileFormat) -> None:
    report = REPORTS["day"]()
    assert files.write(report, form) == files.write(replace(report), form)


@pytest.mark.parametrize("form", FileFormat)
def test_another_number_gives_other_bytes(form: FileFormat) -> None:
    other = replace(samples.outlet(), pollutants=(samples.series(samples.SO2, range(samples.START_US, 0, -1)[:0]),))
    assert files.write(REPORTS["day"](), form) != files.write(layout.outlet(other), form)


def test_every_number_of_every_table_is_in_the_workbook_and_is_a_number(report: Report) -> None:
    book = _book(report)
    for table, sheet in zip(report.tables, book.worksheets, strict=False):
        rows = [row for row in sheet.iter_rows(values_only=True) if any(cell is not None for cell in row)]
        expected = [[cell.value for cell in row] for row in (*table.rows, *table.foot)]
        width = len(table.columns)
        begin = len(report.facts) + 2
        assert [_plain(row[:width]) for row in rows[begin : begin + len(expected)]] == [_plain(row) for row in expected]


def _plain(row: object) -> list[object]:
    assert isinstance(row, list | tuple)
    # Excel's files keep 15 to 16 digits.
    return [None if cell in ("", None) else float(f"{cell:.12g}") if isinstance(cell, float) else cell for cell in row]


def test_a_sign_is_the_format_of_its_number_in_the_workbook() -> None:
    sheet = _book(REPORTS["day"]()).worksheets[0]
    formats = {sheet.cell(row, 2).number_format for row in range(1, 40)}
    assert {'0.000"▲"', '0.000"*"', '"("0.000")"', "0.000"} <= formats


def test_the_workbook_has_a_chart_for_each_of_the_report(report: Report) -> None:
    sheets = _book(report).worksheets
    assert sum(len(sheet._charts) for sheet in sheets) == len(report.charts)  # type: ignore[attr-defined, misc]


def test_csv_holds_every_row_with_what_is_to_be_said_of_it() -> None:
    rows = _csv(REPORTS["day"]())
    head = rows.index(next(row for row in rows if row[:1] == ["时间 Time"]))
    hours = rows[head + 1 : head + 25]
    assert [row[0] for row in hours] == [f"{hour:02d}:00" for hour in range(24)]
    assert hours[9][1] == "60.000"
    assert "超标 exceeded" in hours[9][-1]
    assert "无效 invalid" in hours[14][-1]
    assert hours[17][1:4] == ["", "", ""]


def test_csv_begins_as_excel_wants_it(report: Report) -> None:
    assert files.write(report, FileFormat.CSV).startswith(b"\xef\xbb\xbf")


def test_text_that_would_be_a_formula_is_none() -> None:
    evil = "=HYPERLINK(1)"
    table = Table(title="t", columns=(Column(title="a"), Column(title="b", digits=1)), rows=((Cell(evil), Cell(-1.5)),))
    report = Report(file_name="x", title="x", facts=(), tables=(table,), made_us=samples.MADE_US)
    assert _csv(report)[-1][:2] == [f"'{evil}", "-1.5"]
    cell = _book(report).worksheets[0].cell(4, 1)
    assert (cell.value, cell.data_type) == (evil, "s")


def test_the_pdf_shows_every_text_and_number(report: Report) -> None:
    text = _text(report)
    for table in report.tables:
        for row in table.rows:
            for cell in row:
                if isinstance(cell.value, str):
                    assert re.sub(r"\s+", "", cell.value) in text
    assert re.sub(r"\s+", "", report.title) in text


def test_the_pdf_shows_signs_beside_the_numbers() -> None:
    text = _text(REPORTS["day"]())
    assert {"60.000▲", "60.000*", "(15.016)"} <= set(re.findall(r"60\.000[▲*]|\(15\.016\)", text))


def test_the_pdf_brings_its_characters_along(report: Report) -> None:
    reader = PdfReader(io.BytesIO(files.write(report, FileFormat.PDF)))
    fonts = {}
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index]
            one = font.get_object()
            fonts[str(one["/BaseFont"])] = "/FontDescriptor" in one and "/FontFile2" in one["/FontDescriptor"]
    chinese = {name: embedded for name, embedded in fonts.items() if "WenQuanYi" in name}
    assert chinese
    assert all(chinese.values())
    assert reader.metadata is not None
    assert str(reader.metadata["/CreationDate"]).startswith("D:20261101161000")


def test_a_report_without_any_data_can_be_written(report: Report) -> None:
    tables = tuple(replace(table, rows=(), foot=()) for table in report.tables)
    charts = tuple(replace(chart, bars=(), lines=()) for chart in report.charts)
    for form in FileFormat:
        assert files.write(replace(report, tables=tables, charts=charts, facts=(), notes=()), form)


def test_names_that_no_sheet_may_have_are_changed() -> None:
    title = "a/b:c*d?[e]'" + "长" * 40
    table = Table(title=title, columns=(Column(title="a"),), rows=())
    report = Report(file_name="x", title="x", facts=(), tables=(table, table), made_us=samples.MADE_US)
    names = _book(report).sheetnames
    assert len({name.lower() for name in names}) == 2
    assert all(len(name) <= 31 for name in names)


def test_a_file_is_named_in_ascii(report: Report) -> None:
    for form in FileFormat:
        name = files.name(report, form)
        assert name.isascii()
        assert re.fullmatch(r"[A-Za-z0-9._-]+\." + form.value, name)


# --- layout


def _cells(given: OutletReport) -> dict[str, Cell]:
    table = layout.outlet(given).tables[0]
    return {str(row[0].value): row[1] for row in table.rows}


def test_every_hour_of_the_day_has_its_row_and_what_is_missing_is_empty() -> None:
    cells = _cells(samples.outlet())
    assert list(cells) == [f"{hour:02d}:00" for hour in range(24)]
    assert cells["17:00"] == Cell(None)


def test_what_is_invalid_is_not_shown_as_exceeded() -> None:
    given = samples.outlet()
    bad = PeriodMean(start_us=samples.START_US, judged=99.0, valid=False, exceeded=True)
    series = replace(given.pollutants[0], periods=(bad,))
    assert _cells(replace(given, pollutants=(series,)))["00:00"].sign == "invalid"


def test_extremes_are_of_valid_periods_alone() -> None:
    given = samples.outlet()
    periods = (
        PeriodMean(start_us=samples.START_US, judged=5.0),
        PeriodMean(start_us=samples.START_US + samples.HOUR_US, judged=99.0, valid=False),
    )
    table = layout.outlet(replace(given, pollutants=(replace(given.pollutants[0], periods=periods),))).tables[0]
    foot = {str(row[0].value): row[1].value for row in table.foot}
    assert (foot["最大 Max"], foot["最小 Min"], foot["有效数 Valid"]) == (5.0, 5.0, "1")


def test_many_factors_are_shown_in_several_tables() -> None:
    given = samples.outlet()
    many = replace(given, others=tuple(given.others) * 12)
    overviews = [table for table in layout.outlet(many).tables if table.title.startswith("小时均值")]
    assert [len(table.columns) for table in overviews] == [8, 8]


def test_exceedances_are_counted_where_they_stand() -> None:
    report = layout.exceedances(samples.exceedances(15))
    standing = [one for one in samples.exceedances(15).lines if one.state == "standing"]
    counted = sum(int(str(cell.value)) for row in report.tables[1].rows for cell in row[1:])
    assert (counted, len(report.tables[0].rows)) == (len(standing), 15)


def test_what_is_too_long_for_paper_is_cut_with_a_word_and_whole_in_the_other_formats(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.reports.pdf_table.MOST_ROWS", 150)
    report = layout.exceedances(samples.exceedances(400))
    text = _text(report)
    assert "Thefirst150of400rows" in text
    assert text.count("GB31571-2015") == 150
    assert sum("GB 31571-2015 表5" in row for row in _csv(report)) == 400
    sheet = _book(report).worksheets[0]
    assert sum(cell.value == "GB 31571-2015 表5" for (cell,) in sheet.iter_rows(min_col=9, max_col=9)) == 400


def test_text_that_looks_like_markup_is_shown_as_it_is() -> None:
    rows = tuple((Cell(f"<b>{'x' * width}</b> & <para>"),) for width in (1, 300))
    table = Table(title="<i>", columns=(Column(title="<u> a"),), rows=rows)
    report = Report(
        file_name="x", title="<font>", facts=(("<a", "b>"),), tables=(table,), notes=("<&",), made_us=samples.MADE_US
    )
    text = _text(report)
    assert "<b>x</b>&<para>" in text
    assert "<font>" in text
