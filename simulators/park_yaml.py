"""Writes a park as compact YAML: a line a tag, the same bytes for the same park."""

import json
import re
from collections.abc import Iterator, Mapping

from park.duration import format_duration
from park.model import Alarms, Enterprise, From, Hazard, Limit, Park, Source, Tag

_PLAIN = re.compile(r"[A-Za-z\u4e00-\u9fff°µ][\w\u4e00-\u9fff°µ/ ()（）.-]*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_HEADER = """\
# A generated chemical park; regenerate it rather than edit it. All alarm limits are sample data of the enterprises.
"""


def _text(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text.lower() not in _WORDS and not text.endswith(" ")
    return text if plain else json.dumps(text, ensure_ascii=False)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _flow(pairs: Mapping[str, str | None]) -> str:
    return "{" + ", ".join(f"{key}: {value}" for key, value in pairs.items() if value is not None) + "}"


def _from(one: From) -> str:
    return _flow(
        {
            "connector": _text(one.connector),
            "device": None if one.device is None else _text(one.device),
            "address": None if one.address is None else _text(one.address),
        }
    )


def _limit(limit: Limit) -> str:
    parts = {
        "limit": _number(limit.limit),
        "deadband": None if limit.deadband is None else _number(limit.deadband),
        "on_delay": None if limit.on_delay is None else format_duration(limit.on_delay),
        "off_delay": None if limit.off_delay is None else format_duration(limit.off_delay),
    }
    bare = all(value is None for key, value in parts.items() if key != "limit")
    return _number(limit.limit) if bare else _flow(parts)


def _alarms(alarms: Alarms) -> str:
    pairs: dict[str, str | None] = {level.value: _limit(limit) for level, limit in alarms.limits()}
    pairs["deadband"] = _number(alarms.deadband) if alarms.deadband else None
    pairs["on_delay"] = format_duration(alarms.on_delay) if alarms.on_delay else None
    pairs["off_delay"] = format_duration(alarms.off_delay) if alarms.off_delay else None
    return _flow(pairs)


def _tag(tag: Tag) -> str:
    default = Tag.model_fields["stale_delay"].default
    return _flow(
        {
            "id": _text(tag.id),
            "quantity": _text(tag.quantity),
            "unit": _text(tag.unit),
            "name": _text(tag.name) if tag.name else None,
            "span": None if tag.span is None else f"[{_number(tag.span[0])}, {_number(tag.span[1])}]",
            "detection_limit": None if tag.detection_limit is None else _number(tag.detection_limit),
            "alarms": None if tag.alarms is None else _alarms(tag.alarms),
            "stale_after": None if tag.stale_after is None else format_duration(tag.stale_after),
            "stale_delay": None if tag.stale_delay == default else format_duration(tag.stale_delay),
            "from": None if tag.from_ is None else _from(tag.from_),
            "discrete": "true" if tag.discrete else None,
        }
    )


def _hazard(hazard: Hazard) -> str:
    chemicals = [
        _flow(
            {
                "name": _text(one.name),
                "q_t": _number(one.q_t),
                "hazard_class": f"[{', '.join(map(_text, one.hazard_class))}]" if one.hazard_class else None,
            }
        )
        for one in hazard.chemicals
    ]
    return _flow(
        {
            "grade": str(int(hazard.grade)),
            "population_500m": str(hazard.population_500m),
            "chemicals": f"[{', '.join(chemicals)}]",
        }
    )


def _papers(of: Source | Enterprise, pad: str) -> Iterator[str]:
    """Contacts and documents, in JSON, which is YAML."""
    papers = of.model_dump(mode="json", include={"contacts", "documents"}, exclude_defaults=True)
    yield from (f"{pad}  {name}: {json.dumps(listed, ensure_ascii=False)}" for name, listed in papers.items())


def _source(source: Source, pad: str) -> Iterator[str]:
    yield f"{pad}- id: {_text(source.id)}"
    yield f"{pad}  kind: {source.kind.value}"
    if source.name:
        yield f"{pad}  name: {_text(source.name)}"
    yield f"{pad}  position: [{source.position[0]:.6f}, {source.position[1]:.6f}]"
    if source.hazard is not None:
        yield f"{pad}  hazard: {_hazard(source.hazard)}"
    if source.from_ is not None:
        yield f"{pad}  from: {_from(source.from_)}"
    if source.outlet is not None:
        facts = source.outlet.model_dump(mode="json", exclude_defaults=True)
        yield f"{pad}  outlet: {json.dumps(facts, ensure_ascii=False)}"  # JSON is YAML
    yield from _papers(source, pad)
    if source.tags:
        yield f"{pad}  tags:"
        yield from (f"{pad}  - {_tag(tag)}" for tag in source.tags)


def _lines(park: Park) -> Iterator[str]:
    yield f"version: {park.version}"
    yield f"id: {_text(park.id)}"
    yield f"name: {_text(park.name)}"
    for key in ("future_limit",):
        if getattr(park, key) != Park.model_fields[key].default:
            yield f"{key}: {format_duration(getattr(park, key))}"
    if park.past_limit_days != Park.model_fields["past_limit_days"].default:
        yield f"past_limit_days: {park.past_limit_days}"
    if park.sources:
        yield "sources:"
        for source in park.sources:
            yield from _source(source, "")
    if park.enterprises:
        yield "enterprises:"
        for enterprise in park.enterprises:
            yield f"- id: {_text(enterprise.id)}"
            yield f"  name: {_text(enterprise.name)}"
            yield from _papers(enterprise, "")
            if enterprise.sources:
                yield "  sources:"
                for source in enterprise.sources:
                    yield from _source(source, "  ")


def to_yaml(park: Park) -> str:
    """What `park.check.load_park` reads back as an equal park. Positions are kept to a tenth of a metre."""
    return _HEADER + "\n".join(_lines(park)) + "\n"
