"""A telegram as the interface shows it: its text, its bytes, and what it says by its protocol."""

import base64
from collections.abc import Sequence
from typing import Any

from connectors.hj212.framing import Frame, Framer, Rejected
from connectors.hj212.packet import PacketInvalid, parse
from park.index import TagInfo
from service.api.times import rfc3339
from service.reports.words import local
from service.store.telegrams import StoredFrame


def frame_shape(one: StoredFrame) -> dict[str, Any]:
    """As `service.api.models_push.RawFrameShape`."""
    data = one.frame.data
    return {
        "received": rfc3339(one.received_us),
        "connector": one.connector,
        "enterprise": one.frame.enterprise,
        "device": one.frame.device,
        "text": data.decode("utf-8", "backslashreplace"),
        "bytes_base64": base64.b64encode(data).decode(),
        "decoded": decoded(data),
    }


def decoded(data: bytes) -> dict[str, Any] | None:
    """Fields of an HJ 212 packet, or why it is none; None where it does not even look like one."""
    if not data.lstrip().startswith(b"##"):
        return None
    framer = Framer()
    pieces = [*framer.feed(data), *framer.close()]
    good = next((piece for piece in pieces if isinstance(piece, Frame)), None)
    if good is None:
        bad = next((piece for piece in pieces if isinstance(piece, Rejected)), None)
        return {"rejected": bad.reason, "detail": bad.detail} if bad is not None else None
    try:
        packet = parse(good.segment)
    except PacketInvalid as error:
        return {"rejected": str(error.args[0]), "detail": str(error.args[-1])}
    return {
        **{name: getattr(packet, name) for name in ("qn", "st", "cn", "mn", "flag", "pnum", "pno")},
        "cp": {group.code: dict(group.fields) for group in packet.cp},
        "deviations": [*good.deviations, *packet.deviations],
    }


def read_from(frames: Sequence[StoredFrame], info: TagInfo | None, time_us: int) -> list[StoredFrame]:
    """Those of a device's telegrams of one moment that name the tag's address and the sample's time, as far as any do.

    A device may send several telegrams within one tick, after an outage hundreds: what does not name the two is not
    what the sample was read from. Where none does (another name for it in the park file), all are told.
    """
    found = list(frames)
    if info is not None:
        code = info.address.split("-")[0].encode()
        found = [one for one in found if code in one.frame.data] or found
    # DataTime or SampleTime: a QN has the same digits, of the moment of sending.
    stamp = f"Time={local(time_us):%Y%m%d%H%M%S}".encode()
    return [one for one in found if stamp in one.frame.data] or found
