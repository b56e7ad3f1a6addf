"""What arrived, made into one batch, its dead letters, and the answers that are due once the journal has them.

No I/O and no waiting. What a packet says about its device is noted on the way (`connectors.hj212.presence`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import structlog

from connectors.base import Health, RawFrame
from connectors.codecs.base import Rows
from connectors.hj212.beijing import time_us as beijing_us
from connectors.hj212.config import Hj212Config
from connectors.hj212.devices import MINUTE, Device, resend_key
from connectors.hj212.dialogue import ACCEPTED, ANSWERS
from connectors.hj212.framing import Frame, Rejected
from connectors.hj212.letters import LetterBudget
from connectors.hj212.misprints import PacketInvalid
from connectors.hj212.outages import Outages
from connectors.hj212.packet import DATA_ANSWER, NOTICE_ANSWER, Packet, answer, parse
from connectors.hj212.peer import Peer
from connectors.hj212.presence import Presence
from connectors.hj212.readings import Reader
from connectors.hj212.server import Arrived
from park.batch import DeadLetter, SampleBatch
from park.index import TagTable
from park.periods import PeriodBatch

_log = structlog.get_logger(__name__)

TIME_WANTED, HEARTBEAT = "1013", "9015"
#: CNs by which a device notifies us: answered by 9013, where data are answered by 9014.
_NOTICES = frozenset({TIME_WANTED, HEARTBEAT})
#: QnRtn (HJ 212-2017, table 8).
_WRONG_PW, _WRONG_MN = 3, 4
_MN = re.compile(rb"MN=([A-Za-z0-9_-]{1,64})[;,]")
#: So many times as many dead letters may a known device leave as a stranger.
_KNOWN_LETTERS = 100


class Answer(NamedTuple):
    """A frame that goes out once the journal has what it answers."""

    peer: Peer
    frame: bytes
    device: Device | None


@dataclass(slots=True)
class Lot:
    """Everything of one lot of frames."""

    batch: SampleBatch
    periods: PeriodBatch | None
    letters: list[DeadLetter]
    frames: list[RawFrame]
    answers: list[Answer] = field(default_factory=list)
    #: Packets that are resends when they come again.
    journalled: list[tuple[Device, int]] = field(default_factory=list)
    #: Devices that asked for the time, with the pollutant of whose analyser.
    ask_for_time: list[tuple[Device, str]] = field(default_factory=list)


class _Making:
    """A lot while it is made."""

    def __init__(self, now_us: int) -> None:
        self.now_us = now_us
        self.rows = Rows()
        self.letters: list[DeadLetter] = []
        self.frames: list[RawFrame] = []
        self.answers: list[Answer] = []
        self.journalled: list[tuple[Device, int]] = []
        self.ask_for_time: list[tuple[Device, str]] = []


class Inbound:
    """Knows whom a packet is from, whether it may be believed, and what is to be done with it."""

    def __init__(
        self,
        config: Hj212Config,
        tags: TagTable,
        devices: Mapping[str, Device],
        health: Health,
        outages: Outages,
        presence: Presence,
    ) -> None:
        self._id = config.id
        self._devices = devices
        self._health = health
        self._outages, self._presence = outages, presence
        self._reader = Reader(tags, config.id)
        self._letters = LetterBudget(config.max_letters_per_hour)
        self._known_letters = LetterBudget(_KNOWN_LETTERS * config.max_letters_per_hour)

    def decode(self, arrived: Iterable[Arrived], now_us: int) -> Lot:
        """Raises nothing for what frames hold."""
        making = _Making(now_us)
        for peer, piece in arrived:
            self._health.messages += 1
            try:
                if isinstance(piece, Rejected):
                    self._reject(making, peer, piece)
                else:
                    self._take(making, peer, piece)
            except Exception as error:  # a frame that finds a gap in our reading must not stop the rest
                _log.exception("A frame could not be read.", connector=self._id, peer=peer.name)
                self._letter(making, peer, piece.raw, "codec_failed", f"{type(error).__name__}: {error}")
        return self._finish(making)

    def _finish(self, making: _Making) -> Lot:
        rows, now_us = making.rows, making.now_us
        lot = Lot(
            batch=rows.batch(received_us=now_us, origin=self._id),
            periods=rows.period_batch(),
            letters=making.letters,
            frames=making.frames,
            answers=making.answers,
            journalled=making.journalled,
            ask_for_time=making.ask_for_time,
        )
        if len(lot.batch) or lot.periods is not None:
            self._health.last_received_us = now_us
        if len(lot.batch):
            self._health.received += len(lot.batch)
            self._health.note_source_time(lot.batch.time_us, now_us)
        return lot

    def _reject(self, making: _Making, peer: Peer, piece: Rejected) -> None:
        """Silence (HJ 212-2017: a wrong CRC ends the execution). It counts for the device that speaks here."""
        self._letter(making, peer, piece.raw, piece.reason, piece.detail, self._speaker(peer, piece.raw))

    def _speaker(self, peer: Peer, raw: bytes) -> Device | None:
        """Whose these bytes are: the device that they name, of those that speak here, or the only one that does."""
        named = _MN.search(raw)
        mn = named[1].decode("ascii") if named else ""
        if mn in peer.devices:
            return self._devices[mn]
        return self._devices[next(iter(peer.devices))] if len(peer.devices) == 1 else None

    def _owner(self, peer: Peer) -> str:
        """The enterprise that a connection belongs to, where one does."""
        owners = {self._devices[mn].enterprise for mn in peer.devices}
        return owners.pop() if len(owners) == 1 else ""

    def _letter(
        self, making: _Making, peer: Peer, raw: bytes, reason: str, detail: str, device: Device | None = None
    ) -> None:
        if device is not None:
            device.health.rejected += 1
            device.health.last_error = f"{reason}: {detail}"
        if peer.devices:
            refusal = self._known_letters.refuse(next(reversed(peer.devices)), making.now_us)
        else:
            refusal = self._letters.refuse(peer.address, making.now_us)
        if refusal is not None:
            if not refusal.is_first:
                return
            reason, detail = "too_many_rejects", f"{refusal.words} The last of them: {reason}: {detail}"
        making.letters.append(
            DeadLetter(
                origin=self._id,
                received_us=making.now_us,
                reason=reason,
                detail=detail,
                raw=raw,
                address=f"{peer.name} {device.mn}" if device is not None else peer.name,
                enterprise=device.enterprise if device is not None else self._owner(peer),
            )
        )

    # --- whole frames

    def _take(self, making: _Making, peer: Peer, frame: Frame) -> None:
        try:
            packet = parse(frame.segment)
        except PacketInvalid as error:
            self._letter(making, peer, frame.raw, error.reason, error.detail, self._speaker(peer, frame.raw))
            return
        device = self._devices.get(packet.mn)
        if device is None:
            detail = (
                f"MN {packet.mn[:64]!r} is no device of connector {self._id}; add it to its devices, or to `from` of a "
                "tag in the park file, or correct it in the logger"
            )
            self._refuse(
                making, peer, frame, packet, "unknown_device", detail, _WRONG_MN, self._speaker(peer, frame.raw)
            )
        elif not device.is_password(packet.pw):
            detail = f"PW is not the one configured for {packet.mn}; correct it here or in the logger"
            self._refuse(making, peer, frame, packet, "wrong_password", detail, _WRONG_PW, device)
        elif device.config.strict and (odd := (*frame.deviations, *packet.deviations)):
            detail = f"{', '.join(odd)}: this device is read strictly; write it as HJ 212-2017 has it"
            self._letter(making, peer, frame.raw, "strict", detail, device)
        else:
            self._take_packet(making, peer, frame, packet, device)

    def _refuse(
        self,
        making: _Making,
        peer: Peer,
        frame: Frame,
        packet: Packet,
        reason: str,
        detail: str,
        qn_rtn: int,
        device: Device | None = None,
    ) -> None:
        """Data are not acknowledged; a device that asks for something is told what is wrong."""
        self._letter(making, peer, frame.raw, reason, detail, device)
        if packet.cn in _NOTICES and packet.wants_ack:
            making.answers.append(Answer(peer, answer(packet, ACCEPTED, f"QnRtn={qn_rtn}"), None))

    def _take_packet(self, making: _Making, peer: Peer, frame: Frame, packet: Packet, device: Device) -> None:
        asked = device.dialogue.asked_for(packet)
        self._presence.heard(peer, packet, device, making.now_us, asked=asked)
        device.note_deviations(frame.deviations)
        device.note_deviations(packet.deviations)
        key = resend_key(packet)
        device.dialogue.take(packet)
        if packet.cn not in ANSWERS:
            if device.is_resend(key):
                device.health.resent += 1
            else:
                self._read(making, peer, frame, packet, device, asked=asked)
                making.journalled.append((device, key))
            self._answer(making, peer, packet, device)
        else:
            making.frames.append(RawFrame(enterprise=device.enterprise, device=device.mn, data=frame.raw))

    def _answer(self, making: _Making, peer: Peer, packet: Packet, device: Device) -> None:
        if packet.wants_ack:
            cn = NOTICE_ANSWER if packet.cn in _NOTICES else DATA_ANSWER
            making.answers.append(Answer(peer, answer(packet, cn), device))
        if packet.cn == TIME_WANTED:
            making.ask_for_time.append((device, packet.params.get("PolId", "")))

    def _read(self, making: _Making, peer: Peer, frame: Frame, packet: Packet, device: Device, *, asked: bool) -> None:
        rows = making.rows
        samples, periods = len(rows.tag), len(rows.periods)
        minutes_us = device.coverage[MINUTE].length_us
        reading = self._reader.read(
            packet,
            rows,
            asked=asked,
            minute_s=minutes_us // 1_000_000 if minutes_us else None,
            strict=device.config.strict,
        )
        device.note_deviations(reading.deviations)
        for refusal in reading.refusals:
            self._letter(making, peer, frame.raw, refusal.reason, refusal.detail, device)
        making.frames.append(RawFrame(enterprise=device.enterprise, device=device.mn, data=frame.raw))
        device.health.received += len(rows.tag) - samples
        if (text := packet.params.get("DataTime")) and (data_us := beijing_us(text.strip())) is not None:
            self._presence.data(packet, device, data_us, making.now_us, asked=asked)
            if self._outages.of(device) is not None:
                times_us = [
                    *rows.time_us[samples:],
                    *(one[2] + one[1] * 1_000_000 - 1 for one in rows.periods[periods:]),
                ]
                self._outages.rows(device, np.array(times_us, np.int64))
