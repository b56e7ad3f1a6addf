"""From the bytes of a request to those that were meant: unpacked, never to more than is allowed."""

import pyarrow as pa

#: As ``Content-Encoding`` names them.
ENCODINGS = ("gzip", "zstd")
_PIECE_BYTES = 256 * 1024


class BodyTooLarge(Exception):
    """It would take more than is allowed; the message says how much that is."""


class BodyInvalid(Exception):
    """It is not what its headers say. ``args``: a sentence for the sender."""


def unpack(body: bytes, encoding: str, *, most_bytes: int) -> bytes:
    """``encoding`` is one of ENCODINGS, or empty. Raises BodyTooLarge, BodyInvalid.

    Reads piece by piece, so that a small body that would unpack to a huge one takes no more memory than is allowed.
    """
    if not encoding:
        if len(body) > most_bytes:
            raise BodyTooLarge(_too_large(most_bytes))
        return body
    pieces: list[bytes] = []
    total = 0
    try:
        with pa.CompressedInputStream(pa.BufferReader(body), encoding) as stream:
            while piece := stream.read(_PIECE_BYTES):
                total += len(piece)
                if total > most_bytes:
                    raise BodyTooLarge(_too_large(most_bytes))
                pieces.append(piece)
    except (OSError, pa.ArrowException) as error:
        raise BodyInvalid(f"the body is not {encoding}, as Content-Encoding says: {error}") from None
    return b"".join(pieces)


def _too_large(most_bytes: int) -> str:
    return f"the body unpacks to more than {most_bytes} bytes; send it in several requests"
