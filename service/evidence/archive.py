"""The archive's form: a ZIP whose every byte follows from names and contents, so that none can be changed unseen.

Stored, not compressed (Parquet is compressed in itself); one fixed date; members in the order in which they are listed.
Reading makes the archive anew from what it found and compares all of it.
"""

import io
import zipfile
from collections.abc import Sequence

#: No moment of the pack: that stands in the manifest.
_DATE = (1980, 1, 1, 0, 0, 0)
MOST_BYTES = 2 * 1024**3
_MOST_MEMBERS = 10_000


class ArchiveBroken(Exception):
    """The file is not an archive as we write them; the message says what is wrong with which part of it."""


def write(members: Sequence[tuple[str, bytes]]) -> bytes:
    """The same members give the same bytes."""
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name, _DATE)
            info.create_system = 3
            info.external_attr = 0o644 << 16
            archive.writestr(info, data)
    return sink.getvalue()


def read(data: bytes) -> dict[str, bytes]:
    """By name, in their order. Raises ArchiveBroken."""
    if len(data) > MOST_BYTES:
        raise ArchiveBroken(f"the file is larger than {MOST_BYTES} bytes")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            _check(infos)
            members = [(info.filename, archive.read(info)) for info in infos]
    except ArchiveBroken:
        raise
    except Exception as error:  # zipfile raises whatever its parts do where bytes make no sense
        raise ArchiveBroken(f"the file is no whole ZIP archive: {type(error).__name__}: {error}") from None
    if write(members) != data:
        raise ArchiveBroken("the archive holds bytes that are of none of its files")
    return dict(members)


def _check(infos: Sequence[zipfile.ZipInfo]) -> None:
    if len(infos) > _MOST_MEMBERS:
        raise ArchiveBroken(f"more than {_MOST_MEMBERS} files")
    names = [info.filename for info in infos]
    if len(set(names)) != len(names):
        raise ArchiveBroken("two files have the same name")
    for info in infos:
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise ArchiveBroken(f"{info.filename} is not stored as it is")
        if info.filename.startswith("/") or ".." in info.filename.split("/") or "\\" in info.filename:
            raise ArchiveBroken(f"{info.filename!r} is no name of a file in a pack")
