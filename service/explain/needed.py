"""What must be read to explain an alert: which tags its rule looked at, and over which time."""

import re
from collections.abc import Iterable, Iterator, Set
from typing import Any

from pydantic import BaseModel

from park.duration import parse_duration_us
from park.index import TagInfo, TagTable
from park.model import Park, Source, SourceKind
from rules.refs import Refs
from rules.spec import AnyRule, DeviationRule, ExpressionRule, LimitRule, SequenceRule, StaleRule, VoteRule
from service.alerts.model import Alert

_LEAST_LEAD_US = 120_000_000
_TAIL_US = 60_000_000
#: Of an alert that stands for long, so much after it was raised is looked at.
_LONGEST_TAIL_US = 1_800_000_000
_DURATION = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?:us|ms|s|m|h|d)(?!\w)")
_NAME = re.compile(r"[A-Za-z0-9][\w-]*(?:\.[A-Za-z0-9][\w-]*)+")
#: Fields of rules that are durations; all are microseconds.
_DURATIONS = (
    *(
        "on_delay",
        "off_delay",
        "window",
        "per",
        "max_gap",
        "hold",
        "bad_for",
        "uncertain_for",
        "clipped_for",
        "own_mean",
    ),
    *("within", "ahead", "grace", "stale_after", "stale_delay", "frozen_after"),
)


def needed_tags(tags: TagTable, rule: AnyRule, alert: Alert) -> list[TagInfo]:
    """In file order; of other enterprises none, but for what all share."""
    wanted = set(_own(tags, rule, alert)) | set(_others(tags, rule, alert))
    return [info for info in tags.infos if info.id in wanted]


def _own(tags: TagTable, rule: AnyRule, alert: Alert) -> Iterator[str]:
    """Those of the target."""
    target = tags.by_id(alert.target)
    if target is not None:
        yield target.id
    if isinstance(rule, StaleRule):
        device = target.device if target is not None else alert.target
        connector = device.partition("/")[0]
        yield from (info.id for info in rule.applies_to.pick(tags) if connector and _connector(info) == connector)
    elif isinstance(rule, VoteRule):
        yield from (info.id for info in rule.applies_to.pick(tags) if _within(info, alert.target, rule.together))
    elif target is None:
        yield from (info.id for info in tags.infos if info.source_id == alert.target)


def _connector(info: TagInfo) -> str:
    return info.from_.connector if info.from_ is not None else ""


def _within(info: TagInfo, target: str, together: str) -> bool:
    return together == "rule" or target in (info.source_id, info.enterprise, info.id)


def _others(tags: TagTable, rule: AnyRule, alert: Alert) -> Iterator[str]:
    """Those that the rule names."""
    enterprise, _, source = alert.source.partition(".")
    if isinstance(rule, (ExpressionRule, SequenceRule)):
        yield from _of_sources(tags, set(_sources_named(tags, rule, enterprise or alert.enterprise)))
        return
    refs = Refs(tags)
    for ref in _references(rule):
        found = refs.tag(ref, enterprise, source)
        if found is not None:
            yield found.id


def _references(rule: AnyRule) -> list[str]:
    if isinstance(rule, DeviationRule) and rule.reference is not None:
        return [rule.reference]
    if isinstance(rule, LimitRule) and rule.limits_from is not None:
        levels = (rule.limits_from.HH, rule.limits_from.H, rule.limits_from.L, rule.limits_from.LL)
        return [level.tag for level in levels if level is not None]
    return []


def _sources_named(tags: TagTable, rule: ExpressionRule | SequenceRule, enterprise: str) -> Iterator[str]:
    """Full ids of sources that the text or the rule's names may mean, seen from the enterprise."""
    texts = [rule.when] if isinstance(rule, ExpressionRule) else [rule.first, rule.then]
    named = [name for text in texts for name in _NAME.findall(text)] + list(rule.names.values())
    park = tags.park.id
    for name in named:
        parts = name.split(".")
        for owner in (enterprise, park):
            yield f"{owner}.{parts[0]}"
            yield ".".join(parts[:2])
        if parts[0] == "wind":
            yield from (f"{park}.{one.id}" for one in tags.park.sources if one.kind is SourceKind.WEATHER_STATION)


def _of_sources(tags: TagTable, source_ids: Set[str]) -> Iterable[str]:
    return (info.id for info in tags.infos if info.source_id in source_ids)


def span_us(rule: AnyRule, infos: Iterable[TagInfo], alert: Alert, now_us: int) -> tuple[int, int]:
    """Long enough before the onset for every window and delay of the rule, and a little after what happened."""
    lead_us = sum(durations(rule)) + max((sum(durations(info.tag)) for info in infos), default=0)
    if isinstance(rule, StaleRule):
        lead_us *= 2  # the last that was heard is what it is about
    begin_us = alert.onset_us - max(lead_us, _LEAST_LEAD_US)
    happened_us = max(alert.raised_us, alert.detected_us)
    end_us = min(alert.cleared_us or now_us, happened_us + _LONGEST_TAIL_US) + _TAIL_US
    return begin_us, min(max(end_us, happened_us + _TAIL_US), max(now_us, happened_us) + 1)


def durations(one: BaseModel) -> list[int]:
    """Every duration that a rule or a tag speaks of, in microseconds."""
    found: list[int] = []
    for name in type(one).model_fields:
        value: Any = getattr(one, name)
        if isinstance(value, BaseModel):
            found += durations(value)
        elif name in _DURATIONS and isinstance(value, int):
            found.append(value)
        elif name in ("when", "first", "then"):
            found += [parse_duration_us(text) for text in _DURATION.findall(value)]
    return found


def part_of(park: Park, tag_ids: Set[str]) -> Park:
    """The park with these tags alone, so that a rule is compiled for few."""
    enterprises = tuple(
        one.model_copy(update={"sources": kept})
        for one in park.enterprises
        if (kept := _sources(one.id, one.sources, tag_ids))
    )
    return park.model_copy(update={"sources": _sources(park.id, park.sources, tag_ids), "enterprises": enterprises})


def _sources(owner: str, sources: Iterable[Source], tag_ids: Set[str]) -> tuple[Source, ...]:
    kept = []
    for source in sources:
        tags = tuple(tag for tag in source.tags if f"{owner}.{source.id}.{tag.id}" in tag_ids)
        if tags:
            kept.append(source.model_copy(update={"tags": tags}))
    return tuple(kept)
