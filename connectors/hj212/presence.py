"""What packets tell about their device, whatever they hold: that it is there, its clock, which data it has sent."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median_low

from connectors.base import Health
from connectors.hj212.beijing import time_us as beijing_us
from connectors.hj212.config import Hj212Config
from connectors.hj212.devices import MINUTE, Device
from connectors.hj212.dialogue import ANSWERS
from connectors.hj212.history import History
from connectors.hj212.outages import Outages
from connectors.hj212.packet import Packet
from connectors.hj212.peer import Peer

_REAL_TIME = "2011"
#: Data older than this, beyond their period, were kept by the logger.
_OLD_US = 180_000_000
#: What is further ahead of our clock is not stored, and is no sign that anything before it is missing.
_AHEAD_US = 60_000_000
#: An absence of less than so many times the usual is none, for loggers that connect only to send.
_UNUSUAL = 3
_REMEMBERED = 8


@dataclass(slots=True)
class _Visits:
    """How long a logger stays connected, and how long away; some connect only to send."""

    #: Since when it has been connected, our clock; 0: it is not.
    since_us: int = 0
    stays_us: deque[int] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    absences_us: deque[int] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def is_usual(self, away_us: int) -> bool:
        """It is mostly away, and this time no longer than it usually is."""
        if not self.stays_us or not self.absences_us:
            return False
        absence_us = median_low(self.absences_us)
        return median_low(self.stays_us) < absence_us and away_us < _UNUSUAL * absence_us


class Presence:
    """Of all devices of one connector."""

    def __init__(
        self,
        config: Hj212Config,
        devices: Mapping[str, Device],
        health: Health,
        outages: Outages,
        history: History,
    ) -> None:
        self._devices, self._health = devices, health
        self._outages, self._history = outages, history
        self._gap_after_us = config.gap_after
        self._look_back_us = config.history.look_back
        self._visits = {mn: _Visits() for mn in devices}

    def heard(self, peer: Peer, packet: Packet, device: Device, now_us: int, *, asked: bool) -> None:
        """It spoke over this connection; and where it was away, since when."""
        if peer not in device.peers:
            self._arrived(device, now_us)
            if not peer.is_closed:  # what came just before the end of a connection is read after it
                self._note_connected(peer, device, now_us)
        elif device.peer is not peer:
            device.peers.pop(peer)
            device.peers[peer] = None
            device.health.peer = peer.name
        device.note_packet(packet, now_us)
        if not asked and packet.cn not in ANSWERS and (shown_us := beijing_us(packet.qn)) is not None:
            device.note_clock(shown_us, now_us)

    def closed(self, peer: Peer, reason: str, now_us: int) -> None:
        """The connection is gone."""
        for mn in peer.devices:
            device, visits = self._devices[mn], self._visits[mn]
            device.peers.pop(peer, None)
            if device.peer is not None:
                device.health.peer = device.peer.name
                continue
            device.health.connected = False
            device.health.last_error = device.away_because = f"connection lost: {reason}"
            if visits.since_us:
                visits.stays_us.append(now_us - visits.since_us)
                visits.since_us = 0

    def data(self, packet: Packet, device: Device, data_us: int, now_us: int, *, asked: bool) -> None:
        """Which periods are there; and whether the logger is still sending what it had kept."""
        coverage = device.coverage.get(packet.cn)
        length_us = 0
        if coverage is not None and data_us <= now_us + _AHEAD_US:
            coverage.add(data_us)
            length_us = coverage.length_us or 0
            if coverage.has_holes:
                self._history.hole(device, now_us)
        if not packet.qn and packet.cn == _REAL_TIME and not asked:  # a sender of 2005: its values tell its clock
            device.note_clock(data_us, now_us)
        behind_us = max(0, -round((device.health.clock_ahead_s or 0.0) * 1e6))
        old = data_us + length_us < now_us - behind_us - _OLD_US
        if old and not asked and packet.cn in (_REAL_TIME, MINUTE):
            self._history.more_to_come(device, now_us)

    def _arrived(self, device: Device, now_us: int) -> None:
        since_us, reason = device.health.last_received_us, device.away_because or "nothing came"
        first = not since_us
        if first and device.away_since_us > 0:
            since_us, reason = device.away_since_us, "the service was not there"
        away_us = now_us - since_us
        if not since_us or away_us < self._gap_after_us:
            return
        visits = self._visits[device.mn]
        usual = visits.is_usual(away_us)
        if not first:
            visits.absences_us.append(away_us)
        if not usual:
            self._outages.begin(device, since_us, now_us, reason)
            self._history.returned(device, since_us - (self._look_back_us if first else 0), now_us)

    def _note_connected(self, peer: Peer, device: Device, now_us: int) -> None:
        health = device.health
        health.reconnects += health.connected_us > 0
        self._health.reconnects += health.connected_us > 0
        health.connected, health.connected_us, health.peer = True, now_us, peer.name
        device.peers[peer] = None
        peer.devices[device.mn] = None
        visits = self._visits[device.mn]
        visits.since_us = visits.since_us or now_us
