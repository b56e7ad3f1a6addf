"""A report as CSV that Excel opens as it is: UTF-8 with a byte order mark, one table below the other."""

import csv
import io
from collections.abc import Iterable

from service.reports.model import Cell, Column, Report, Sign, Table
from service.reports.words import MEANING, heading, number

#: A cell that begins so would be a formula to a spreadsheet.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write(report: Report) -> bytes:
    """Numbers stay bare; what is invalid, marked or exceeded stands in a last column."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([_safe(report.title)])
    writer.writerows([_safe(label), _safe(value)] for label, value in report.facts)
    for table in report.tables:
        writer.writerow([])
        writer.writerow([_safe(table.title)])
        writer.writerows(_rows(table))
    notes = [note for note in report.notes if note]
    if notes:
        writer.writerow([])
        writer.writerows([_safe(note)] for note in notes)
    return text.getvalue().encode("utf-8-sig")


def _rows(table: Table) -> Iterable[list[str]]:
    yield [*(_safe(heading(column)) for column in table.columns), "说明 Remarks"]
    for row in (*table.rows, *table.foot):
        yield [*(_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)), _remarks(row, table)]


def _cell(cell: Cell, column: Column) -> str:
    if cell.value is None:
        return ""
    return _safe(cell.value) if isinstance(cell.value, str) else number(cell.value, column.digits)


def _remarks(row: tuple[Cell, ...], table: Table) -> str:
    found = [
        f"{column.title}: {MEANING[cell.sign]}"
        for cell, column in zip(row, table.columns, strict=True)
        if cell.sign is not Sign.NONE
    ]
    return _safe("; ".join(found))


def _safe(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
