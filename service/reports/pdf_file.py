"""A report as PDF on A4, with its charts. The characters that it shows are embedded, so any viewer shows them."""

import io
import threading
import time
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.pdfdoc import TimeStamp  # type: ignore[attr-defined]  # its types leave it out
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer

from service.reports import chart, pdf_table
from service.reports.model import Report
from service.reports.pdf_table import GREY, style
from service.reports.words import minute

_FONT = "WenQuanYiMicroHei"
_FONT_FILE = Path(__file__).parent / "fonts" / "wqy-microhei.ttf"
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
            canvas.setFillColor(HexColor(GREY))
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


def _story(report: Report) -> list[Flowable]:
    story: list[Flowable] = [Paragraph(escape(report.title), style(_FONT, 15)), Spacer(1, 2 * mm)]
    for label, value in report.facts:
        story.append(Paragraph(f'<font color="{GREY}">{escape(label)}</font>　{escape(value)}', style(_FONT, 8.5)))
    for one in report.charts:
        drawing = chart.draw(one, font=_FONT, width=_WIDTH, height=64 * mm)
        story.append(KeepTogether([Spacer(1, 4 * mm), drawing]))
    for table in report.tables:
        story += [Spacer(1, 5 * mm), Paragraph(escape(table.title), style(_FONT, 11)), Spacer(1, 1.5 * mm)]
        story += pdf_table.flow(table, font=_FONT, width=_WIDTH)
    story.append(Spacer(1, 4 * mm))
    story += [Paragraph(escape(note), style(_FONT, 8, GREY)) for note in report.notes if note]
    return story
