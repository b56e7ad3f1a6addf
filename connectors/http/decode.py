"""From the body of a request and what its headers say to judged rows."""

from dataclasses import dataclass
from email.message import Message
from enum import StrEnum

import pyarrow as pa

from connectors.http import arrow_rows, csv_rows, json_rows
from connectors.http.body import ENCODINGS, BodyInvalid, BodyTooLarge, unpack
from connectors.http.judge import Judged, judge
from connectors.http.senders import Allowed


class Form(StrEnum):
    """What a body may be."""

    JSON = "JSON"
    CSV = "CSV"
    ARROW = "Arrow"


MEDIA_TYPES = {
    "application/json": Form.JSON,
    "text/json": Form.JSON,
    "text/csv": Form.CSV,
    "application/csv": Form.CSV,
    "application/vnd.apache.arrow.stream": Form.ARROW,
}
#: Names that ``charset`` may have, and Python's.
_CHARSETS = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "us-ascii": "utf-8-sig",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "gb18030": "gb18030",
    "utf-16": "utf-16",
    "iso-8859-1": "latin-1",
}


class NotTaken(Exception):
    """A form, an encoding or a charset that is none of ours; the message names those that are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Of one request."""

    #: Of the body, unpacked.
    most_bytes: int = 128 * 1024 * 1024
    #: Of JSON, unpacked: it is read in one go, during which the service does nothing else.
    most_json_bytes: int = 8 * 1024 * 1024
    #: Samples.
    most_rows: int = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What a body is."""

    form: Form
    charset: str = "utf-8-sig"
    #: One of ENCODINGS, or empty.
    encoding: str = ""

    @classmethod
    def of_headers(cls, content_type: str, content_encoding: str) -> "Content":
        """Raises NotTaken."""
        header = Message()
        header["Content-Type"] = content_type.replace("\r", " ").replace("\n", " ")
        form = MEDIA_TYPES.get(header.get_content_type()) if content_type.strip() else None
        if form is None:
            takes = ", ".join(("application/json", "text/csv", "application/vnd.apache.arrow.stream"))
            raise NotTaken(f"Content-Type is {content_type[:100]!r}; send one of {takes}")
        charset = _CHARSETS.get(str(header.get_content_charset("utf-8")))
        if charset is None:
            raise NotTaken(f"charset is {str(header.get_content_charset())[:40]!r}; send UTF-8 or GB18030")
        encoding = content_encoding.strip().lower()
        if encoding not in ("", "identity", *ENCODINGS):
            raise NotTaken(f"Content-Encoding is {encoding[:100]!r}; send one of {', '.join(ENCODINGS)}, or none")
        return cls(form=form, charset=charset, encoding=encoding.removeprefix("identity"))


def decode(body: bytes, content: Content, allowed: Allowed, now_us: int, limits: Limits) -> Judged:
    """For a thread where the body is large. Raises BodyTooLarge, BodyInvalid; nothing else, whatever the bytes are."""
    is_json = content.form is Form.JSON
    plain = unpack(body, content.encoding, most_bytes=limits.most_json_bytes if is_json else limits.most_bytes)
    try:
        if content.form is Form.ARROW:
            cells = arrow_rows.read(plain, allowed, most_rows=limits.most_rows, most_bytes=limits.most_bytes)
        else:
            read = json_rows.read if is_json else csv_rows.read
            cells = read(_utf8(plain, content.charset), allowed, most_rows=limits.most_rows)
        return judge(cells, allowed.tags, now_us)
    except pa.ArrowException as error:
        raise BodyInvalid(f"the columns cannot be read: {str(error).partition(chr(10))[0]}") from None


def _utf8(body: bytes, charset: str) -> bytes:
    try:
        return body.decode(charset).encode("utf-8")
    except UnicodeError as error:
        raise BodyInvalid(f"not the text that charset says: {error}; send UTF-8, or name the charset") from None


__all__ = ["BodyInvalid", "BodyTooLarge", "Content", "Form", "Limits", "NotTaken", "decode"]
