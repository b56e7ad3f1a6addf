"""A report as PDF on A4, with its charts. The characters that it shows are embedded, so any viewer shows them."""

import io
import threading
import time
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, Literal

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import TimeStamp  # type: ignore[attr-defined]  # its types leave it out
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, KeepTogether, LongTable, Paragraph, SimpleDocTemplate, Spacer, TableStyle

from service.reports import chart
from service.reports.model import Cell, Column, Report, Sign, Table
from service.reports.words import heading, minute, text

_FONT = "WenQuanYiMicroHei"
_FONT_FILE = Path(__file__).parent / "fonts" / "wqy-microhei.ttf"
_INK, _GREY, _RED, _AMBER = "#1f2933", "#7b8794", "#c62828", "#b26a00"
_COLOURS = {Sign.NONE: _INK, Sign.MARKED: _INK, Sign.INVALID: _GREY, Sign.EXCEEDED: _RED, Sign.WARNING: _AMBER}
_MARGIN = 14 * mm
_SIZE = landscape(A4)
_WIDTH = _SIZE[0] - 2 * _MARGIN
#: reportlab keeps what it does in places that all threads share.
_one_at_a_time = threading.Lock()


def write(report: Report) -> bytes:
    """The same report gives the same bytes."""
    with _one_at_a_time:
        _register()
        sink = io.BytesIO()
        document = SimpleDocTemplate(
            sink,
            pagesize=_SIZE,
            leftMargin=_MARGIN,
            rightMargin=_MARGIN,
            topMargin=_MARGIN,
            bottomMargin=_MARGIN,
            title=report.title,
            author="parkwatch",
            invariant=1,
        )

        def page(canvas: Any, _: object) -> None:
            canvas._doc._timeStamp = canvas._doc.info._timeStamp = _stamp(report.made_us)
            canvas.setFont(_FONT, 7)
            canvas.setFillColor(HexColor(_GREY))
            canvas.drawString(_MARGIN, 7 * mm, f"{report.title} · {minute(report.made_us)}")
            canvas.drawRightString(_SIZE[0] - _MARGIN, 7 * mm, str(canvas.getPageNumber()))

        document.build(_story(report), onFirstPage=page, onLaterPages=page)
        return sink.getvalue()


@cache
def _register() -> None:
    pdfmetrics.registerFont(TTFont(_FONT, str(_FONT_FILE)))


def _stamp(made_us: int) -> TimeStamp:
    """The file's date; reportlab knows now, and a day of its own."""
    stamp = TimeStamp(True)
    stamp.t = made_us // 1_000_000
    stamp.lt = time.gmtime(stamp.t)
    stamp.YMDhms = tuple(stamp.lt)[:6]
    return stamp


def _style(size: float, colour: str = _INK, *, align: Literal[0, 1, 2] = 0) -> ParagraphStyle:
    return ParagraphStyle(
        f"{size}{colour}{align}",
        fontName=_FONT,
        fontSize=size,
        leading=size * 1.35,
        textColor=HexColor(colour),
        alignment=align,
        wordWrap="CJK",
    )


def _story(report: Report) -> list[Flowable]:
    story: list[Flowable] = [Paragraph(escape(report.title), _style(15)), Spacer(1, 2 * mm)]
    for label, value in report.facts:
        story.append(Paragraph(f'<font color="{_GREY}">{escape(label)}</font>　{escape(value)}', _style(8.5)))
    for one in report.charts:
        drawing = chart.draw(one, font=_FONT, width=_WIDTH, height=64 * mm)
        story.append(KeepTogether([Spacer(1, 4 * mm), drawing]))
    for table in report.tables:
        story += [Spacer(1, 5 * mm), Paragraph(escape(table.title), _style(11)), Spacer(1, 1.5 * mm), _table(table)]
    story.append(Spacer(1, 4 * mm))
    story += [Paragraph(escape(note), _style(8, _GREY)) for note in report.notes if note]
    return story


def _table(table: Table) -> LongTable:
    weights = sum(column.weight for column in table.columns)
    body = [[_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)] for row in table.rows]
    foot = [[_cell(cell, column) for cell, column in zip(row, table.columns, strict=True)] for row in table.foot]
    head = [
        # The Chinese above the English: broken anywhere else, words would be cut.
        Paragraph(escape(heading(column)).replace(" ", "<br/>", 1), _style(7.5, align=1))
        for column in table.columns
    ]
    made = LongTable(
        [head, *body, *foot],
        colWidths=[_WIDTH * column.weight / weights for column in table.columns],
        repeatRows=1,
    )
    style: list[Any] = [
        ("GRID", (0, 0), (-1, -1), 0.3, HexColor("#cbd2d9")),
        ("BACKGROUND", (0, 0), (-1, 0), HexColor("#e4e7eb")),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("TOPPADDING", (0, 0), (-1, -1), 1.2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6),
    ]
    if foot:
        style.append(("BACKGROUND", (0, len(body) + 1), (-1, -1), HexColor("#f5f7fa")))
    for at, row in enumerate(table.rows, 1):
        style += [
            ("BACKGROUND", (place, at), (place, at), HexColor("#fdecea"))
            for place, cell in enumerate(row)
            if cell.sign is Sign.EXCEEDED
        ]
    made.setStyle(TableStyle(style))
    return made


def _cell(cell: Cell, column: Column) -> Paragraph:
    align: Literal[0, 2] = 2 if isinstance(cell.value, int | float) or column.digits is not None else 0
    return Paragraph(escape(text(cell, column)), _style(7.5, _COLOURS[cell.sign], align=align))
