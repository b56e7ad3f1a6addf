"""Files of HJ 212 packets in the forms in which people have them: raw bytes, text with escapes, a hex dump."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.hj212.framing import Frame, Rejected

_BLOCK = 64 * 1024
_ESCAPE = re.compile(rb"\\(?:(r)|(n)|(t)|(\\)|x([0-9A-Fa-f]{2}))")
_ESCAPED_END = re.compile(rb"\\r|\\n|\\x[0-9A-Fa-f]{2}")
_HEX = re.compile(rb"\s*23\s*23(?:\s*[0-9A-Fa-f]{2})+\s*")
#: In a file of text, lines that are about packets and are none.
_REMARK = re.compile(rb"\s*(?:@|#(?![#0-9])|$)")
_PLAIN_BYTES = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"\\": b"\\"}


def pieces_of(path: Path) -> Iterator[Frame | Rejected]:
    """What a file holds, ``-`` for standard input. In a file with escapes each line stands for itself."""
    import sys

    if str(path) == "-":
        yield from _pieces(sys.stdin.buffer)
    else:
        with path.open("rb") as file:
            yield from _pieces(file)


def _pieces(file: IO[bytes]) -> Iterator[Frame | Rejected]:
    from connectors.hj212.framing import Framer

    for stream in _streams(file):
        framer = Framer()
        for block in stream:
            yield from framer.feed(block)
        yield from framer.close()


def _streams(file: IO[bytes]) -> Iterator[Iterator[bytes]]:
    begin = file.read(_BLOCK)
    if _HEX.fullmatch(begin):
        yield iter([bytes.fromhex((begin + file.read()).decode("ascii", "replace"))])
    elif _ESCAPED_END.search(begin):
        for line in _lines(begin, file):
            if not _REMARK.match(line):
                yield iter([unescaped(line)])
    else:
        yield _blocks(begin, file)


def _blocks(begin: bytes, file: IO[bytes]) -> Iterator[bytes]:
    while begin:
        yield begin
        begin = file.read(_BLOCK)


def _lines(begin: bytes, file: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in _blocks(begin, file):
        *lines, rest = (rest + block).split(b"\n")
        yield from (line.rstrip(b"\r") for line in lines)
    yield rest.rstrip(b"\r")


def unescaped(line: bytes) -> bytes:
    r"""``\r``, ``\n``, ``\t``, ``\\`` and ``\x00`` as the bytes that they stand for."""
    return _ESCAPE.sub(_byte, line)


def _byte(found: re.Match[bytes]) -> bytes:
    plain = found[1] or found[2] or found[3] or found[4]
    return _PLAIN_BYTES[plain] if plain else bytes.fromhex(found[5].decode())
