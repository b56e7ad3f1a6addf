"""Data segments that are not written as HJ 212-2017 has them: its own misprints, senders of 2005, mistakes of makers.

What each field says is found out as far as only one reading is possible, and every departure gets its word.
"""

import re
from typing import TypedDict

_NAMES = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO")
_NAME_OF = {name.lower(): name for name in _NAMES}
_ANY_NAME = "|".join(_NAMES)
#: A field: up to a separator, or to the next field where a separator was forgotten.
_FIELD = re.compile(rf"(?i)(?<![A-Za-z])({_ANY_NAME})\s*=([^;,=]*?)(?=[;,]|(?:{_ANY_NAME})\s*=|$)")
_CONTENT = re.compile(r"(?i)(?<![A-Za-z])CP\s*=(&*)")
_CONTROL = re.compile(r"[\0-\x1f\x7f]")
_CN = re.compile(r"[0-9]{4}")
_ST = re.compile(r"[0-9]{2}")
_SMALL = re.compile(r"[0-9]{1,4}")
_INSIDE_TEXT = re.compile(r"//[^/]*//")


class PacketInvalid(Exception):
    """A data segment that is no packet, or in strict mode one that departs from the standard. Nothing to answer."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        #: ``missing_field``, ``bad_field``, ``strict``.
        self.reason = reason
        #: A sentence for a person: the field, the value, the fix.
        self.detail = detail


class Fields(TypedDict):
    """What `connectors.hj212.packet.Packet` is made of."""

    qn: str
    st: str
    cn: str
    pw: str
    mn: str
    flag: int | None
    pnum: int | None
    pno: int | None
    content: str
    deviations: tuple[str, ...]


def read_careful(segment: bytes) -> Fields:
    """The fields of a data segment, and what was odd. Raises PacketInvalid where there is no CN or no MN."""
    odd: dict[str, None] = {}
    if not segment:
        return _fields({}, "", {"empty_segment": None})
    text = _text(segment, odd)
    found = _CONTENT.search(text)
    if found is None:
        odd["missing_cp"] = None
        head, content = text, ""
    else:
        head, content = text[: found.start()], _content(found[1], text[found.end() :], odd)
    given = _head_fields(head, odd, before_cp=found is not None)
    _require(given)
    return _fields(given, content, odd)


def _text(segment: bytes, odd: dict[str, None]) -> str:
    for encoding, word in (("utf-8", ""), ("gb18030", "not_utf8")):
        try:
            text = segment.decode(encoding)
        except UnicodeDecodeError:
            continue
        if word:
            odd[word] = None
        break
    else:
        odd["not_text"] = None
        text = segment.decode("utf-8", "backslashreplace")
    if _CONTROL.search(text):
        odd["control_character"] = None
        text = _CONTROL.sub(" ", text)  # a blank, so that what stood around it does not become one number
    return text


def _head_fields(head: str, odd: dict[str, None], *, before_cp: bool) -> dict[str, str]:
    given: dict[str, str] = {}
    at = 0
    separated = True
    for field in _FIELD.finditer(head):
        name = _NAME_OF[field[1].lower()]
        if not separated:
            odd["missing_semicolon"] = None
        _note_between(head[at : field.start()], odd)
        value = field[2].strip()
        if field[0] != f"{field[1]}={value}":
            odd["stray_blank"] = None
        if name != field[1]:
            odd["name_case"] = None
        if name in given:
            odd["duplicate_field"] = None
        given.setdefault(name, value)
        at = field.end()
        separated = at < len(head) and head[at] in ";,"
        if separated:
            if head[at] == ",":
                odd[f"comma_after_{name.lower()}"] = None
            at += 1
    _note_between(head[at:], odd)
    if before_cp and not separated:
        odd["missing_semicolon"] = None
    if list(given) != [name for name in _NAMES if name in given]:
        odd["field_order"] = None
    return given


def _note_between(text: str, odd: dict[str, None]) -> None:
    if text.strip(" ;,"):
        odd["unknown_field"] = None
    elif text.strip(" "):
        odd["empty_item"] = None
    elif text:
        odd["stray_blank"] = None


def _content(opening: str, body: str, odd: dict[str, None]) -> str:
    """What stands between ``&&`` and ``&&``."""
    content, closing, after = body.rpartition("&&")
    if not closing:
        content, after = after.rstrip("&"), ""
    if (opening != "&&" and not (opening == "&&&&" and not body.strip())) or (not closing and opening == "&&"):
        odd["ampersands"] = None
    if after.strip():
        odd["text_after_cp"] = None
    elif after:
        odd["stray_blank"] = None
    if "&&" in _INSIDE_TEXT.sub("", content):
        odd["ampersands"] = None
        content = content.replace("&&", ";")
    return content


def _require(given: dict[str, str]) -> None:
    for name in ("MN", "CN"):
        if not given.get(name):
            raise PacketInvalid("missing_field", f"no {name}; every packet says {name}=... (HJ 212-2017, 6.3.2)")
    if _CN.fullmatch(given["CN"]) is None:
        raise PacketInvalid("bad_field", f"CN is {given['CN'][:40]!r}; send the four digits of a command")


def _fields(given: dict[str, str], content: str, odd: dict[str, None]) -> Fields:
    for name in ("ST", "PW"):
        if given and name not in given:
            odd[f"missing_{name.lower()}"] = None
    if "ST" in given and _ST.fullmatch(given["ST"]) is None:
        odd["bad_st"] = None
    return Fields(
        qn=given.get("QN", ""),
        st=given.get("ST", ""),
        cn=given.get("CN", ""),
        pw=given.get("PW", ""),
        mn=given.get("MN", ""),
        flag=_small(given, "Flag", "bad_flag", odd),
        pnum=_small(given, "PNUM", "bad_split", odd),
        pno=_small(given, "PNO", "bad_split", odd),
        content=content,
        deviations=tuple(odd),
    )


def _small(given: dict[str, str], name: str, word: str, odd: dict[str, None]) -> int | None:
    text = given.get(name)
    if text is None:
        return None
    if _SMALL.fullmatch(text) is None:
        odd[word] = None
        return None
    return int(text)
