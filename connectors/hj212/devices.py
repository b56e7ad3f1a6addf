"""The data loggers that a server knows: what the configuration and the park file say of them, and how each is doing."""

import csv
import hmac
from collections import OrderedDict
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from connectors.base import DeviceHealth
from connectors.hj212.config import DeviceConfig, DeviceDefaults, Hj212Config
from connectors.hj212.coverage import Coverage
from connectors.hj212.dialogue import Dialogue
from connectors.hj212.packet import Packet
from connectors.hj212.peer import Peer
from park.index import TagInfo, TagTable
from park.yamlfile import Document, text_of

#: Version bits of Flag, and what people call them.
VERSIONS: Mapping[str, int] = {"2005": 0, "2017": 1, "2025": 2}
_PROTOCOLS = ("HJ/T 212-2005", "HJ 212-2017", "HJ 212-2025")
#: Packets of one logger that are recognised when they come again.
_RESENDS_KNOWN = 64
#: A logger's clock is read from its least delayed packet of the last one to two spans of this length.
_CLOCK_SPAN_US = 600_000_000
_MOST_DEVIATIONS = 100
MINUTE, HOUR, DAY = "2051", "2061", "2031"
_HOUR_US, _DAY_US = 3_600_000_000, 86_400_000_000


class Device:
    """One data logger."""

    def __init__(self, config: DeviceConfig, enterprise: str, dialogue: Dialogue | None = None) -> None:
        self.config = config
        self.mn = config.mn
        self.enterprise = enterprise
        self.health = DeviceHealth(device=config.mn, enterprise=enterprise)
        #: Some tag of the park comes from it.
        self.has_tags = True
        self.st = config.st
        self.version = VERSIONS[config.version or "2017"]
        #: Source time of its newest sample that the journal had when we started; 0: none.
        self.away_since_us = 0
        #: Why its last connection ended.
        self.away_because = ""
        #: Open connections over which it has spoken, the last one last.
        self.peers: dict[Peer, None] = {}
        self.coverage: dict[str, Coverage] = {
            MINUTE: Coverage(config.minute_interval),
            HOUR: Coverage(_HOUR_US),
            DAY: Coverage(_DAY_US),
        }
        self._passwords = [config.password.get_secret_value().encode()] if config.password is not None else []
        self._known: OrderedDict[int, None] = OrderedDict()
        self._clock_from_us = 0
        self._ahead_us: list[int | None] = [None, None]
        if dialogue is not None:
            self.dialogue = dialogue

    @property
    def peer(self) -> Peer | None:
        """Where commands go: the connection over which it spoke last."""
        return next(reversed(self.peers), None)

    def password(self) -> str:
        """The PW that our commands carry."""
        return self._passwords[-1].decode() if self._passwords else self._last_pw

    _last_pw = ""

    def is_password(self, pw: str) -> bool:
        """Whether it is one of this device's; compared in constant time."""
        if not self._passwords:
            self._last_pw = pw
            return True
        given = pw.encode()
        return sum(hmac.compare_digest(one, given) for one in self._passwords) > 0

    def also_password(self, new: str) -> None:
        """A command changed it: either is right until the configuration says so too."""
        self._passwords = [*self._passwords[:1], new.encode()] if self._passwords else []

    def note_deviations(self, found: Collection[str]) -> None:
        """Count what was tolerated."""
        if not found:
            return
        counts = self.health.deviations
        for one in found:
            if one in counts or len(counts) < _MOST_DEVIATIONS:
                counts[one] = counts.get(one, 0) + 1

    def note_packet(self, packet: Packet, now_us: int) -> None:
        """It spoke."""
        health = self.health
        if packet.st != "91":
            self.st = packet.st
        if self.config.version is None and packet.flag is not None:
            self.version = packet.version
        health.protocol = _PROTOCOLS[min(packet.version, 2)]
        if self.config.version is not None and packet.flag is not None and packet.version != self.version:
            self.note_deviations(("other_version",))
        health.last_received_us = now_us
        health.messages += 1

    def note_clock(self, time_us: int, now_us: int) -> None:
        """Its clock showed ``time_us`` at ``now_us`` or before: late packets say nothing, so the greatest counts."""
        ahead_us = time_us - now_us
        if now_us - self._clock_from_us >= _CLOCK_SPAN_US:
            self._clock_from_us, self._ahead_us = now_us, [ahead_us, self._ahead_us[0]]
        elif self._ahead_us[0] is None or ahead_us > self._ahead_us[0]:
            self._ahead_us[0] = ahead_us
        self.health.clock_ahead_s = max(one for one in self._ahead_us if one is not None) / 1e6

    def forget_clock(self) -> None:
        """Its clock was set."""
        self._ahead_us = [None, None]
        self.health.clock_ahead_s = None

    def is_resend(self, key: int) -> bool:
        """Whether the journal has this packet already."""
        return key in self._known

    def note_journalled(self, key: int) -> None:
        """The journal has it."""
        self._known[key] = None
        self._known.move_to_end(key)
        if len(self._known) > _RESENDS_KNOWN:
            self._known.popitem(last=False)


def resend_key(packet: Packet) -> int:
    """The same for a packet and its resends: by content and part; where the content has no time, by QN too."""
    qn = "" if "DataTime" in packet.content else packet.qn or str(id(packet))
    return hash((packet.cn, packet.pno, packet.content, qn))


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    devices: tuple[DeviceConfig, ...] = ()


def read_devices(path: Path) -> tuple[DeviceConfig, ...]:
    """Of a ``devices_file``. Raises park.yamlfile.FileInvalid (a ValueError), ValueError and OSError."""
    if path.suffix.lower() != ".csv":
        return Document(text_of(path.read_bytes(), str(path)), str(path)).model(_File).devices
    found: list[DeviceConfig] = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for number, row in enumerate(csv.DictReader(file), start=2):
            try:
                found.append(DeviceConfig.model_validate({k: v.strip() for k, v in row.items() if v and v.strip()}))
            except (ValueError, AttributeError, TypeError) as error:
                raise ValueError(f"{path}: line {number}: {_first_error(error)}") from None
    return tuple(found)


def _first_error(error: Exception) -> str:
    """Without what was given: it may be a password."""
    errors: list[dict[str, Any]] = getattr(error, "errors", list)()
    if not errors:
        return "more or fewer cells than the header line has"
    return f"{'.'.join(map(str, errors[0]['loc'])) or 'entry'}: {errors[0]['msg']}"


def known_devices(config: Hj212Config, tags: TagTable) -> dict[str, Device]:
    """By MN: those of the configuration, of its file, and of the park file. Raises ValueError and OSError."""
    of_file = read_devices(config.devices_file) if config.devices_file is not None else ()
    entries: dict[str, DeviceConfig] = {}
    for one in (*config.devices, *(_with_defaults(one, config.defaults) for one in of_file)):
        if one.mn in entries:
            raise ValueError(f"connector {config.id}: the device {one.mn} is configured twice; remove one")
        entries[one.mn] = one
    owners = _owners(config.id, tags)
    for mn in owners:
        entries.setdefault(mn, _with_defaults(DeviceConfig(mn=mn), config.defaults))
    found = {mn: Device(entry, _enterprise(config.id, entry, owners.get(mn), tags)) for mn, entry in entries.items()}
    for mn, device in found.items():
        device.has_tags = mn in owners
    return found


def _with_defaults(entry: DeviceConfig, defaults: DeviceDefaults) -> DeviceConfig:
    silent = {
        name: getattr(defaults, name) for name in DeviceDefaults.model_fields if name not in entry.model_fields_set
    }
    return entry.model_copy(update=silent)


def _owners(connector: str, tags: TagTable) -> dict[str, TagInfo]:
    """MN -> one of its tags. Raises ValueError where tags of two enterprises name one device."""
    owners: dict[str, TagInfo] = {}
    for info in tags.of_connector(connector):
        if info.from_ is None or info.from_.device is None:
            continue
        first = owners.setdefault(info.from_.device, info)
        if first.enterprise != info.enterprise:
            raise ValueError(
                f"connector {connector}: {first.id} and {info.id} both come from device {info.from_.device}, and "
                "belong to two enterprises; a logger belongs to one"
            )
    return owners


def _enterprise(connector: str, entry: DeviceConfig, tag: TagInfo | None, tags: TagTable) -> str:
    known = {tags.park.id, *(one.id for one in tags.park.enterprises)}
    if tag is None and entry.enterprise is None:
        raise ValueError(f"connector {connector}: no tag of the park comes from device {entry.mn}; say its enterprise")
    if entry.enterprise is not None and entry.enterprise not in known:
        raise ValueError(f"connector {connector}: device {entry.mn}: the park has no enterprise {entry.enterprise!r}")
    if tag is not None and entry.enterprise not in (None, tag.enterprise):
        raise ValueError(
            f"connector {connector}: device {entry.mn} is {entry.enterprise}'s here, and {tag.id} of the park file "
            "comes from it; correct one of them"
        )
    return entry.enterprise or (tag.enterprise if tag is not None else "")
