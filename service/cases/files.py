"""What may be attached to a case: told by its first bytes, not by its name."""

import re
from dataclasses import dataclass

#: First bytes, and what the file is. SVG and HTML are left out: a browser would run what is in them.
_SIGNS = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"%PDF-", "application/pdf"),
)
_ZIPPED = {
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".zip": "application/zip",
}
_TAKEN = "PNG, JPEG, WebP, PDF, XLSX, DOCX, ZIP, CSV and plain text"
_MOST_NAME = 120


class UploadRefused(ValueError):
    """A file that a case does not take; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file as it is kept."""

    name: str
    media_type: str
    data: bytes


def upload_of(name: str, data: bytes) -> Upload:
    """Raises UploadRefused."""
    if not data:
        raise UploadRefused("the file is empty")
    # The last part of a path alone, without what file systems or headers stumble over.
    clean = re.sub(r"[\x00-\x1f\x7f\"<>|:*?\\/]+", "_", name.replace("\\", "/").rpartition("/")[2]).strip(" .")
    clean = clean[-_MOST_NAME:] or "file"
    return Upload(name=clean, media_type=_media_type(clean, data), data=data)


def _media_type(name: str, data: bytes) -> str:
    for sign, media_type in _SIGNS:
        if data.startswith(sign):
            return media_type
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    if data.startswith(b"PK\x03\x04"):
        ending = "." + name.rpartition(".")[2].lower()
        return _ZIPPED.get(ending, "application/zip")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise UploadRefused(f"this kind of file is not taken; send {_TAKEN}") from None
    if "\0" in text or re.search(r"<\s*(!doctype|html|svg|script|\?xml)", text[:4096], re.IGNORECASE):
        raise UploadRefused(f"this kind of file is not taken; send {_TAKEN}")
    return "text/csv" if name.lower().endswith(".csv") else "text/plain"
