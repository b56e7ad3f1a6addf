"""The form in which the engine's state is kept: named columns behind one JSON header, with a checksum. No pickle.

``magic, version | length of header | CRC-32 of all that follows | header | columns one after another``, the numbers
little-endian.
"""

import json
import struct
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from rules.arrays import Columns

_MAGIC = b"parkwatch-engine\n"
_VERSION = 2
_PREFIX = struct.Struct(f"<{len(_MAGIC)}sHQI")


class BadSnapshot(ValueError):
    """The bytes are no snapshot, or damaged, or of another version; start without one and replay the journal."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """``facts`` are what JSON can say; ``columns`` the rest."""

    facts: dict[str, Any]
    columns: Columns

    def to_bytes(self) -> bytes:
        """Equal state gives equal bytes."""
        parts, layout = [], []
        for name, column in self.columns.items():
            little_endian = column.dtype.newbyteorder("<")
            parts.append(column.astype(little_endian, copy=False).tobytes())
            layout.append([name, little_endian.str, list(column.shape), len(parts[-1])])
        header = json.dumps({"facts": self.facts, "layout": layout}, ensure_ascii=False).encode()
        body = b"".join((header, *parts))
        return _PREFIX.pack(_MAGIC, _VERSION, len(header), zlib.crc32(body)) + body

    @staticmethod
    def from_bytes(data: bytes) -> "Snapshot":
        """The inverse of `to_bytes`. Raises BadSnapshot."""
        if len(data) < _PREFIX.size or not data.startswith(_MAGIC):
            raise BadSnapshot("not a snapshot of the rule engine")
        _, version, length, checksum = _PREFIX.unpack_from(data)
        if version != _VERSION:
            raise BadSnapshot(f"snapshot has version {version}; this engine reads version {_VERSION}")
        body = memoryview(data)[_PREFIX.size :]
        if zlib.crc32(body) != checksum:
            raise BadSnapshot("snapshot is damaged: its checksum does not fit")
        header = json.loads(bytes(body[:length]))
        columns: Columns = {}
        at = length
        for name, kind, shape, size in header["layout"]:
            columns[name] = np.frombuffer(body[at : at + size], dtype=np.dtype(kind)).reshape(shape)
            at += size
        return Snapshot(header["facts"], columns)
