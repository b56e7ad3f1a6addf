"""A report in the format that is asked for."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from service.reports import csv_file, pdf_file, xlsx_file
from service.reports.model import Report


class FileFormat(StrEnum):
    """What ``format=`` takes."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"

    @property
    def media_type(self) -> str:
        """For Content-Type."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    FileFormat.CSV: "text/csv; charset=utf-8",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    FileFormat.PDF: "application/pdf",
}
_WRITERS: Mapping[FileFormat, Callable[[Report], bytes]] = {
    FileFormat.CSV: csv_file.write,
    FileFormat.XLSX: xlsx_file.write,
    FileFormat.PDF: pdf_file.write,
}


def write(report: Report, form: FileFormat) -> bytes:
    """The whole file. For a thread: a PDF of many pages takes seconds. The same report gives the same bytes."""
    return _WRITERS[form](report)


def name(report: Report, form: FileFormat) -> str:
    """ASCII, with its ending."""
    return f"{report.file_name}.{form.value}"
