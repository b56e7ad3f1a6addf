"""HJ 212 packets as payloads: what a logger sends over TCP, published by a gateway instead. One message, whole packets.

The message's acknowledgement is the logger's 9014: whoever relays it answers the logger once the broker has it.
"""

from collections.abc import Sequence

from connectors.base import RawFrame
from connectors.codecs.base import Refusal, Rows
from connectors.codecs.names import Names
from connectors.hj212.framing import Frame, Framer, Rejected
from connectors.hj212.packet import PacketInvalid, parse
from connectors.hj212.readings import Reader
from connectors.hj212.words import VERSIONS


class Hj212Codec:
    """Tags are found by MN (``device``) and code (``address``), as with the server for TCP."""

    def __init__(self) -> None:
        self._readers: dict[str, Reader] = {}

    def decode(self, payload: bytes, address: str, names: Names, rows: Rows) -> Sequence[Refusal]:
        """See `connectors.codecs.base.Codec`."""
        reader = self._readers.get(names.enterprise)
        if reader is None:
            reader = self._readers[names.enterprise] = Reader.of(names.infos)
        # The message ends where the packet does: many gateways leave the line end out.
        bare = not payload.endswith(b"\n")
        framer = Framer()
        pieces = framer.feed(payload + b"\r\n" if bare else payload) + framer.close()
        refusals: list[Refusal] = []
        for piece in pieces:
            refusals += _take(piece, reader, names, rows, ("no_tail",) if bare and piece is pieces[-1] else ())
        if not pieces:
            return [Refusal("empty", "no packet in the message; send whole packets, ## to CR LF")]
        return _one_a_reason(refusals)


def _take(piece: Frame | Rejected, reader: Reader, names: Names, rows: Rows, odd: tuple[str, ...]) -> Sequence[Refusal]:
    if isinstance(piece, Rejected):
        return [Refusal(piece.reason, piece.detail)]
    try:
        packet = parse(piece.segment)
    except PacketInvalid as error:
        return [Refusal(error.reason, error.detail)]
    if packet.mn not in reader:
        detail = f"no tag of {names.enterprise} comes from device {packet.mn[:64]!r}; name it in `from` of a tag"
        return [Refusal("unknown_device", detail)]
    reading = reader.read(packet, rows)
    raw = piece.raw.removesuffix(b"\r\n") if odd else piece.raw
    rows.frames.append(RawFrame(enterprise=names.enterprise, device=packet.mn, data=raw))
    heard = rows.note_heard(names.enterprise, packet.mn, VERSIONS.get(packet.version, ""))
    heard.samples += reading.samples
    heard.deviate((*odd, *piece.deviations, *packet.deviations, *reading.deviations))
    return reading.refusals


def _one_a_reason(refusals: Sequence[Refusal]) -> Sequence[Refusal]:
    by_reason: dict[str, list[str]] = {}
    for reason, detail in refusals:
        by_reason.setdefault(reason, []).append(detail)
    return [
        Refusal(reason, details[0] + (f"; and {len(details) - 1} more" if len(details) > 1 else ""))
        for reason, details in by_reason.items()
    ]
