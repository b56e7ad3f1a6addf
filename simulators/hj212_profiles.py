"""How makers of data loggers depart from the standard, by name; and a logger's hand: what it writes looks like so."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from simulators.hj212_packet import Group, checksum, frame, modbus_checksum

#: Room for the parameters of one packet (HJ 212-2017, 6.3.2: 950 with ``CP=``).
_LONGEST_CP = 940


class Profile(StrEnum):
    """A kind of logger."""

    STANDARD_2017 = "standard2017"
    #: HJ/T 212-2005: uploads without QN and Flag, numbers for codes; nobody acknowledges anything.
    OLD_2005 = "old2005"
    #: Telegrams end in a line feed alone.
    LF_ONLY = "lf_only"
    LOWERCASE_CRC = "lowercase_crc"
    #: ``;`` where ``,`` belongs, and the other way about after QN.
    SEMICOLON_MESS = "semicolon_mess"
    #: Blanks as the examples of the standard print them.
    STRAY_BLANKS = "stray_blanks"
    #: Logs in Chinese, UTF-8, with every hour's data.
    CHINESE_TEXT = "chinese_text"
    #: CRC-16/MODBUS instead of the standard's: never understood.
    MODBUS_CRC = "modbus_crc"
    #: HJ 212-2025, as far as it is known: Flag 8 and 9, a heartbeat.
    V2025 = "v2025"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quirks:
    """What a profile does otherwise."""

    numbered: bool = True
    #: Bits V of Flag: 4 is 2017, 8 is 2025.
    version: int = 4
    old_codes: bool = False
    tail: bytes = b"\r\n"
    lowercase: bool = False
    modbus: bool = False
    semicolons: bool = False
    blanks: bool = False
    chinese: bool = False
    heartbeat: bool = False
    #: History comes under numbers of its own (HJ 212-2017, C.20 to C.23) instead of the request's.
    own_numbers: bool = False


_QUIRKS: dict[Profile, Quirks] = {
    Profile.STANDARD_2017: Quirks(),
    Profile.OLD_2005: Quirks(numbered=False, version=0, old_codes=True),
    Profile.LF_ONLY: Quirks(tail=b"\n"),
    Profile.LOWERCASE_CRC: Quirks(lowercase=True),
    Profile.SEMICOLON_MESS: Quirks(semicolons=True, own_numbers=True),
    Profile.STRAY_BLANKS: Quirks(blanks=True),
    Profile.CHINESE_TEXT: Quirks(chinese=True),
    Profile.MODBUS_CRC: Quirks(modbus=True),
    Profile.V2025: Quirks(version=8, heartbeat=True),
}

#: Codes of HJ/T 212-2005 (HJ 212-2017, Annex B prints them beside the new ones); a code that had none stays.
_OLD_CODES = {
    "a00000": "B02",
    "a01011": "S02",
    "a01012": "S03",
    "a01013": "S08",
    "a01014": "S05",
    "a19001": "S01",
    "a21001": "10",
    "a21002": "03",
    "a21005": "04",
    "a21022": "11",
    "a21024": "08",
    "a21026": "02",
    "a21028": "05",
    "a34013": "01",
    "w00000": "B01",
    "w01001": "001",
    "w01018": "011",
    "w21001": "065",
    "w21003": "060",
    "w21011": "101",
}


def quirks_of(profile: Profile) -> Quirks:
    """What it does otherwise."""
    return _QUIRKS[profile]


@dataclass(slots=True, kw_only=True)
class Hand:
    """Writes the telegrams of one logger."""

    mn: str
    password: str
    profile: Profile = Profile.STANDARD_2017
    quirks: Quirks = field(init=False)

    def __post_init__(self) -> None:
        self.quirks = quirks_of(self.profile)

    def code(self, code: str) -> str:
        """As this logger calls a pollutant."""
        return _OLD_CODES.get(code, code) if self.quirks.old_codes else code

    def split(self, groups: Sequence[Group], most: int | None) -> list[list[Group]]:
        """Parameters dealt out to packets: each with the first group (DataTime), ``most`` others at the most."""
        head, parts = groups[:1], [list(groups[:1])]
        for group in groups[1:]:
            full = most is not None and len(parts[-1]) > most
            if full or len(self._parameters([*parts[-1], group]).encode()) > _LONGEST_CP:
                parts.append(list(head))
            parts[-1].append(group)
        return parts

    def write(
        self,
        *,
        cn: int,
        st: int,
        qn: str,
        groups: Sequence[Group] = (),
        wants_answer: bool = False,
        part: tuple[int, int] | None = None,
        reply: bool = False,
    ) -> bytes:
        """One data segment. ``part``: (number, of how many). A reply has QN and Flag even from a logger of 2005."""
        quirks = self.quirks
        separator = "," if quirks.semicolons and not reply else ";"
        text = f"QN={qn}{separator}" if quirks.numbered or reply else ""
        text += f"ST={st};CN={cn};PW={self.password};MN={self.mn};"
        if quirks.numbered or reply:
            flag = quirks.version | (2 if part else 0) | (1 if wants_answer else 0)
            text += f"{' ' if quirks.blanks else ''}Flag={flag};"
        if part:
            text += f"PNUM={part[1]};PNO={part[0]};"
        return f"{text}CP=&&{self._parameters(groups)}&&".encode()

    def _parameters(self, groups: Sequence[Group]) -> str:
        quirks = self.quirks
        between = ";" if quirks.semicolons else ","
        if quirks.blanks and groups:
            named = [[(f"{name} " if i else name, value) for i, (name, value) in enumerate(group)] for group in groups]
            return " " + "; ".join(between.join(f"{name}={value}" for name, value in group) for group in named) + " "
        return ";".join(between.join(f"{name}={value}" for name, value in group) for group in groups)

    def seal(self, segment: bytes, *, wrong: bool = False) -> bytes:
        """The whole telegram; ``wrong``: the line spoils its CRC."""
        quirks = self.quirks
        crc = modbus_checksum(segment) if quirks.modbus else checksum(segment)
        return frame(segment, crc=crc ^ 0x5A00 if wrong else crc, lower=quirks.lowercase, tail=quirks.tail)
