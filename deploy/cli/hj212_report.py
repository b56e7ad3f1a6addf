"""HJ 212 packets in words: for people as lines, for machines as one JSON object a packet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.hj212.beijing import CHINA, time_us
from connectors.hj212.codes import Code, find
from connectors.hj212.deviations import DEVIATIONS
from connectors.hj212.framing import Frame
from connectors.hj212.packet import Group, Packet
from connectors.hj212.survey import TIMES, survey
from connectors.hj212.values import number
from connectors.hj212.words import (
    COMMANDS,
    EQUIPMENT_STATES,
    EXECUTION_RESULTS,
    FIELD_INFORMATION,
    FLAGS,
    INFORMATION_STATES,
    REQUEST_RESULTS,
    SUFFIXES,
    SYSTEMS,
    VERSIONS,
)

_EPOCH = datetime(1970, 1, 1, 8, tzinfo=CHINA)
_NUMBERS = frozenset(SUFFIXES) - {"SampleTime", "Flag", "EFlag", "SN"}
_RESULTS = {"QnRtn": REQUEST_RESULTS, "ExeRtn": EXECUTION_RESULTS}


def as_json(frame: Frame, packet: Packet) -> dict[str, Any]:
    """Everything that a packet says. Times as RFC 3339 with +08:00, beside the text as sent."""
    odd, problems = survey(packet)
    return {
        "ok": True,
        "qn": packet.qn or None,
        "qn_time": moment(packet.qn),
        "st": packet.st,
        "system": SYSTEMS.get(packet.st),
        "cn": packet.cn,
        "command": COMMANDS.get(packet.cn),
        "pw": packet.pw,
        "mn": packet.mn,
        "flag": packet.flag,
        "version": VERSIONS.get(packet.version),
        "wants_ack": packet.wants_ack,
        "pnum": packet.pnum,
        "pno": packet.pno,
        "parameters": packet.params,
        "times": {name: moment(text) for name, text in packet.params.items() if name in TIMES},
        "items": [_item(packet, group) for group in packet.cp if "" not in group.fields],
        "deviations": list(dict.fromkeys((*frame.deviations, *packet.deviations, *odd))),
        "problems": [{"reason": one.reason, "detail": one.detail} for one in problems],
        "raw": frame.raw.decode("utf-8", "backslashreplace"),
    }


def _item(packet: Packet, group: Group) -> dict[str, Any]:
    known = find(packet.st, group.code)
    flag = group.fields.get("Flag")
    return {
        "code": group.code,
        "code_2017": known.code if known else None,
        "name": known.name if known else None,
        "fields": dict(group.fields),
        "numbers": {
            suffix: float(text) for suffix, text in group.fields.items() if suffix in _NUMBERS and number(text)
        },
        "flag": FLAGS.get(flag) if flag else None,
    }


def moment(text: str) -> str | None:
    """RFC 3339 in Beijing time of 14 or 17 digits; None where they are no time."""
    epoch_us = time_us(text)
    if epoch_us is None:
        return None
    return (_EPOCH + timedelta(microseconds=epoch_us)).isoformat(
        timespec="milliseconds" if len(text) > 14 else "seconds"
    )


def lines(number_of: int, frame: Frame, packet: Packet) -> Iterator[str]:
    """The same for people. The unit that Annex B prints for a code stands in brackets: it is not that of the value."""
    odd, problems = survey(packet)
    split = f", part {packet.pno} of {packet.pnum}" if packet.is_split else ""
    wants = "answer wanted" if packet.wants_ack else "no answer wanted"
    version = VERSIONS.get(packet.version, f"version {packet.version}") if packet.flag is not None else "no Flag (2005)"
    if not frame.segment:
        yield f"frame {number_of}: an empty data segment (数据段为空)"
        return
    yield f"frame {number_of}: {_with(packet.cn, COMMANDS)}; {version}, {wants}{split}"
    yield f"  MN    {packet.mn}"
    yield f"  ST    {_with(packet.st, SYSTEMS)}"
    yield f"  QN    {_time_or_text(packet.qn)}"
    yield f"  PW    {packet.pw}    Flag {'' if packet.flag is None else packet.flag}"
    for name, text in packet.params.items():
        yield f"  {name} {_parameter(name, text)}"
    for group in packet.cp:
        if "" not in group.fields:
            fields = ", ".join(_field(group.code, suffix, text) for suffix, text in group.fields.items())
            yield f"  {_title(group, find(packet.st, group.code))}: {fields}"
    if not packet.cp and packet.content.strip():
        yield f"  CP    {packet.content[:200]}"
    for word in dict.fromkeys((*frame.deviations, *packet.deviations, *odd)):
        known = DEVIATIONS.get(word)
        yield f"  deviation {word}: {known.en} ({known.zh})" if known else f"  deviation {word}"
    for one in problems:
        yield f"  problem {one.reason}: {one.detail}"


def _with(code: str, words: Mapping[str, str]) -> str:
    return f"{code} {words[code]}" if code in words else code


def _time_or_text(text: str) -> str:
    return moment(text) or text


def _parameter(name: str, text: str) -> str:
    if name in TIMES:
        return _time_or_text(text)
    return _with(text, _RESULTS.get(name, {}))


def _title(group: Group, known: Code | None) -> str:
    if known is None:
        return _with(group.code, FIELD_INFORMATION)
    # What Annex B prints as a unit says nothing about this value, which is in the sender's.
    unit = f" [附录B: {known.unit}]" if known.unit else ""
    modern = f" = {known.code}" if known.code != group.code else ""
    return f"{group.code}{modern} {known.name}{unit}"


def _field(code: str, suffix: str, text: str) -> str:
    name = SUFFIXES.get(suffix, suffix)
    if suffix == "Flag":
        text = _with(text, FLAGS)
    elif suffix == "RS":
        text = _with(text, EQUIPMENT_STATES)
    elif suffix == "Info":
        text = _with(text, INFORMATION_STATES.get(code, {}))
    elif suffix == "SampleTime":
        text = _time_or_text(text)
    return f"{name} {text or '(nothing)'}"
