"""A table for PDF: in pieces, so that thousands of rows take seconds, with paragraphs only where a text must wrap."""

from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from typing import Any, Literal

from reportlab.lib.colors import HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.platypus import Flowable, LongTable, Paragraph, TableStyle

from service.reports.model import Cell, Column, Sign, Table
from service.reports.words import heading, text

INK, GREY, _RED, _AMBER = "#1f2933", "#7b8794", "#c62828", "#b26a00"
_COLOURS = {Sign.NONE: INK, Sign.MARKED: INK, Sign.INVALID: GREY, Sign.EXCEEDED: _RED, Sign.WARNING: _AMBER}
#: Rows on paper; the other formats hold all.
MOST_ROWS = 5_000
_PIECE_ROWS = 100
_SIZE, _PADDING = 7.5, 4.0
#: What a cell of a table is to reportlab.
_Shown = str | Paragraph


@cache
def style(font: str, size: float, colour: str = INK, align: Literal[0, 1, 2] = 0) -> ParagraphStyle:
    """Of a paragraph; ``align`` 0 left, 1 centre, 2 right. Chinese may break anywhere."""
    return ParagraphStyle(
        f"{font}{size}{colour}{align}",
        fontName=font,
        fontSize=size,
        leading=size * 1.35,
        textColor=HexColor(colour),
        alignment=align,
        wordWrap="CJK",
    )


def flow(table: Table, *, font: str, width: float) -> Iterator[Flowable]:
    """The table, ``width`` points wide, and what is said of rows that are left out."""
    shown = table.rows[:MOST_ROWS]
    for begin in range(0, max(len(shown), 1), _PIECE_ROWS):
        is_last = begin + _PIECE_ROWS >= len(shown)
        yield _piece(table.columns, shown[begin : begin + _PIECE_ROWS], table.foot if is_last else (), font, width)
    if len(table.rows) > MOST_ROWS:
        said = f"此处列出前 {MOST_ROWS} 行，共 {len(table.rows)} 行；CSV 和 XLSX 含全部。"
        also = f"The first {MOST_ROWS} of {len(table.rows)} rows; CSV and XLSX hold all."
        yield Paragraph(f"{said} {also}", style(font, 8, _RED))


def _piece(
    columns: Sequence[Column],
    rows: Sequence[tuple[Cell, ...]],
    foot: Sequence[tuple[Cell, ...]],
    font: str,
    width: float,
) -> LongTable:
    weights = sum(column.weight for column in columns)
    widths = [width * column.weight / weights for column in columns]
    # The Chinese above the English: broken anywhere else, words would be cut.
    head: list[_Shown] = [
        Paragraph(escape(heading(column)).replace(" ", "<br/>", 1), style(font, _SIZE, INK, 1)) for column in columns
    ]
    body = [
        [_shown(cell, column, font, room) for cell, column, room in zip(row, columns, widths, strict=True)]
        for row in (*rows, *foot)
    ]
    made = LongTable([head, *body], colWidths=widths, repeatRows=1)
    made.setStyle(TableStyle(_look(columns, (*rows, *foot), len(rows), font)))
    return made


def _look(
    columns: Sequence[Column], rows: Sequence[tuple[Cell, ...]], body_rows: int, font: str
) -> list[tuple[Any, ...]]:
    look: list[tuple[Any, ...]] = [
        ("FONT", (0, 0), (-1, -1), font, _SIZE, _SIZE * 1.35),
        ("TEXTCOLOR", (0, 0), (-1, -1), HexColor(INK)),
        ("GRID", (0, 0), (-1, -1), 0.3, HexColor("#cbd2d9")),
        ("BACKGROUND", (0, 0), (-1, 0), HexColor("#e4e7eb")),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 1.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6),
        ("LEFTPADDING", (0, 0), (-1, -1), _PADDING),
        ("RIGHTPADDING", (0, 0), (-1, -1), _PADDING),
    ]
    look += [
        ("ALIGN", (place, 1), (place, -1), "RIGHT") for place, column in enumerate(columns) if column.digits is not None
    ]
    if len(rows) > body_rows:
        look.append(("BACKGROUND", (0, body_rows + 1), (-1, -1), HexColor("#f5f7fa")))
    for at, row in enumerate(rows, 1):
        for place, cell in enumerate(row):
            if cell.sign is not Sign.NONE:
                look.append(("TEXTCOLOR", (place, at), (place, at), HexColor(_COLOURS[cell.sign])))
            if cell.sign is Sign.EXCEEDED:
                look.append(("BACKGROUND", (place, at), (place, at), HexColor("#fdecea")))
    return look


def _shown(cell: Cell, column: Column, font: str, room: float) -> _Shown:
    said = text(cell, column)
    if "\n" not in said and stringWidth(said, font, _SIZE) <= room - 2 * _PADDING:
        return said
    align: Literal[0, 2] = 2 if column.digits is not None else 0
    return Paragraph(escape(said), style(font, _SIZE, _COLOURS[cell.sign], align))
