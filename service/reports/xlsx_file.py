"""A report as a workbook: a sheet a table, and one with the charts. Numbers are numbers; signs are their format."""

import io
from typing import Any

import xlsxwriter

from service.reports.model import Cell, Chart, Column, Report, Sign, Table
from service.reports.words import AROUND, heading, local, with_unit

_COLOURS = {
    Sign.NONE: "#1f2933",
    Sign.INVALID: "#7b8794",
    Sign.MARKED: "#1f2933",
    Sign.EXCEEDED: "#c62828",
    Sign.WARNING: "#b26a00",
}
_BAR, _LIMIT = "#3b6ea5", "#8e1b1b"
_BAD_IN_NAMES = str.maketrans(dict.fromkeys("[]:*?/\\'", " "))


def write(report: Report) -> bytes:
    """The same report gives the same bytes."""
    sink = io.BytesIO()
    book = xlsxwriter.Workbook(sink, {"in_memory": True, "strings_to_numbers": False, "strings_to_formulas": False})
    book.set_properties({"title": report.title, "created": local(report.made_us).replace(tzinfo=None)})
    book.set_calc_mode("auto")
    formats = _Formats(book)
    names: set[str] = set()
    for table in report.tables:
        _sheet(book, formats, report, table, _name(table.title, names))
    if report.charts:
        _charts(book, formats, report, _name("图 Charts", names), _name("图数据 Chart data", names))
    book.close()
    return sink.getvalue()


class _Formats:
    """Made once each: a workbook counts them."""

    def __init__(self, book: Any) -> None:
        self._book = book
        self._made: dict[tuple[object, ...], Any] = {}
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.label = book.add_format({"font_color": "#52606d"})
        centred = {"text_wrap": True, "align": "center", "valign": "vcenter"}
        self.head = book.add_format({"bold": True, "bg_color": "#e4e7eb", "border": 1, **centred})

    def cell(self, sign: Sign, digits: int | None, *, is_number: bool, bold: bool) -> Any:
        """Of one kind of cell."""
        key = (sign, digits, is_number, bold)
        if key not in self._made:
            options: dict[str, Any] = {"border": 1, "font_color": _COLOURS[sign], "bold": bold}
            if sign is Sign.EXCEEDED:
                options |= {"bold": True, "bg_color": "#fdecea"}
            if sign is Sign.INVALID:
                options |= {"italic": True}
            if is_number:
                before, after = (f'"{part}"' if part else "" for part in AROUND[sign])
                decimals = "0" if not digits else "0." + "0" * digits
                options |= {"num_format": f"{before}{decimals}{after}" if digits is not None else "General"}
            else:
                options |= {"text_wrap": True, "valign": "top"}
            self._made[key] = self._book.add_format(options)
        return self._made[key]


def _name(title: str, taken: set[str]) -> str:
    """A sheet's name: 31 characters, none of ``[]:*?/\\``, and no other's."""
    base = " ".join(title.translate(_BAD_IN_NAMES).split())[:27] or "Sheet"
    name, number = base, 2
    while name.lower() in taken:
        name, number = f"{base} {number}", number + 1
    taken.add(name.lower())
    return name


def _sheet(book: Any, formats: _Formats, report: Report, table: Table, name: str) -> None:
    sheet = book.add_worksheet(name)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.write_string(0, 0, f"{report.title} · {table.title}", formats.title)
    at = 1
    for label, value in report.facts:
        sheet.write_string(at, 0, label, formats.label)
        sheet.write_string(at, 1, value)
        at += 1
    at += 1
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, 11 * column.weight + 3)
        sheet.write_string(at, place, heading(column), formats.head)
    sheet.repeat_rows(at)
    sheet.freeze_panes(at + 1, 1)
    for row in table.rows:
        at = _row(sheet, formats, at + 1, row, table.columns, bold=False)
    for row in table.foot:
        at = _row(sheet, formats, at + 1, row, table.columns, bold=True)
    for note in (one for one in report.notes if one):
        at += 1
        sheet.write_string(at, 0, note)


def _row(
    sheet: Any, formats: _Formats, at: int, row: tuple[Cell, ...], columns: tuple[Column, ...], *, bold: bool
) -> int:
    for place, (cell, column) in enumerate(zip(row, columns, strict=True)):
        is_number = isinstance(cell.value, int | float)
        style = formats.cell(cell.sign, column.digits, is_number=is_number, bold=bold)
        if cell.value is None:
            sheet.write_blank(at, place, None, style)
        elif is_number:
            sheet.write_number(at, place, cell.value, style)
        else:
            sheet.write_string(at, place, cell.value, style)
    return at


def _charts(book: Any, formats: _Formats, report: Report, name: str, data_name: str) -> None:
    sheet, data = book.add_worksheet(name), book.add_worksheet(data_name)
    sheet.write_string(0, 0, report.title, formats.title)
    column = 0
    for place, chart in enumerate(report.charts):
        column = _data(data, chart, column)
        made = _chart(book, chart, data_name, column)
        sheet.insert_chart(2 + 20 * place, 0, made, {"x_scale": 1.9, "y_scale": 1.25})
        column += 3 + len(chart.lines)


def _data(data: Any, chart: Chart, column: int) -> int:
    data.write_string(0, column, with_unit(chart.title, chart.unit))
    for place, line in enumerate(chart.lines):
        data.write_string(0, column + 2 + place, line.label)
    for row, bar in enumerate(chart.bars, 1):
        data.write_string(row, column, bar.label)
        if bar.value is not None:
            data.write_number(row, column + 1, bar.value)
        for place, line in enumerate(chart.lines):
            data.write_number(row, column + 2 + place, line.value)
    return column


def _chart(book: Any, chart: Chart, data_name: str, column: int) -> Any:
    last = len(chart.bars)
    bars = book.add_chart({"type": "column"})
    bars.add_series(
        {
            "name": chart.title,
            "categories": [data_name, 1, column, last, column],
            "values": [data_name, 1, column + 1, last, column + 1],
            "points": [_point(bar.sign) for bar in chart.bars],
            "data_labels": {"custom": [_point_label(bar.sign) for bar in chart.bars], "value": True},
            "fill": {"color": _BAR},
            "gap": 40,
        }
    )
    if chart.lines:
        levels = book.add_chart({"type": "line"})
        for place, line in enumerate(chart.lines):
            levels.add_series(
                {
                    "name": line.label,
                    "categories": [data_name, 1, column, last, column],
                    "values": [data_name, 1, column + 2 + place, last, column + 2 + place],
                    "line": {"color": _LIMIT, "width": 1.5, "dash_type": "dash"},
                }
            )
        bars.combine(levels)
    bars.set_title({"name": with_unit(chart.title, chart.unit), "overlay": False})
    bars.set_legend({"position": "bottom"})
    return bars


def _point(sign: Sign) -> dict[str, Any]:
    if sign is Sign.INVALID:
        return {"pattern": {"pattern": "wide_upward_diagonal", "fg_color": "#7b8794", "bg_color": "#ffffff"}}
    return {"fill": {"color": _COLOURS[sign] if sign in (Sign.EXCEEDED, Sign.WARNING) else _BAR}}


def _point_label(sign: Sign) -> dict[str, Any]:
    before, after = AROUND[sign]
    return {"value": before + after} if sign is not Sign.NONE else {"delete": True}
