"""By what each source is judged, on record: where it changes, the recent past is judged again by what holds now.

Limits, permits, outlet facts, validity and tolerances are configuration. What was judged by them before they changed
would contradict what is judged now, hour beside hour; so the last 35 days are touched again, and revisions are made
where a number or a verdict is another. What is older stays as it was judged.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
import psycopg
import structlog

from rules.emissions.periods import DAY_US
from service.judge.config import Emissions
from service.judge.sources import JudgedSource
from service.store.events import moment

_log = structlog.get_logger(__name__)

#: A month's report is due in the days after it.
SPAN_US = 35 * DAY_US
_KNOWN = "SELECT DISTINCT ON (source) source, sha256 FROM emission_rules ORDER BY source, since DESC"
_KEEP = (
    "INSERT INTO emission_rules (source, since, sha256, rules, judged_again_from) VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (source, since) DO NOTHING"
)
_TOUCH = (
    "INSERT INTO emission_touched (tag, minute) SELECT tag, minute FROM emission_minute"
    " WHERE tag = ANY(%s) AND minute >= %s"
    " UNION SELECT tag, start FROM emission_mean WHERE tag = ANY(%s) AND period = 'hour' AND start >= %s"
    " ON CONFLICT (tag, minute) DO UPDATE SET seq = nextval('emission_touch')"
)


def rules_of(source: JudgedSource, config: Emissions) -> bytes:
    """All that the judgement of a source depends on besides its data and marks: JSON, always the same of the same."""
    given = {
        "outlet": source.outlet.model_dump(mode="json"),
        "roles": {role: tag.info.id for role, ix in source.roles.items() for tag in source.tags if tag.info.ix == ix},
        "early_warning": config.early_warning.model_dump(mode="json"),
        "tolerance": config.tolerance.model_dump(mode="json"),
        "oxygen": config.oxygen.model_dump(mode="json"),
        "tags": {
            tag.info.id: {
                "quantity": tag.info.tag.quantity,
                "unit": tag.info.tag.unit,
                "validity": tag.validity.model_dump(mode="json") | {"valid_flags": sorted(tag.validity.valid_flags)},
                "hour": [(begin, end, limit.facts()) for begin, end, limit in tag.hour_limits],
                "day": [(begin, end, limit.facts()) for begin, end, limit in tag.day_limits],
            }
            for tag in source.tags
        },
    }
    return msgspec.json.encode(given, order="deterministic")


def touch_where_rules_changed(
    connection: psycopg.Connection[Any],
    sources: Iterable[JudgedSource],
    config: Emissions,
    db_ix: Sequence[int],
    now_us: int,
) -> list[str]:
    """Put the rules of every source on record where they are new, each in a transaction of its own.

    Returns the sources that were judged by others before: their last 35 days are touched. A source that is judged for
    the first time is only put on record.
    """
    known: dict[str, str] = dict(connection.execute(_KNOWN).fetchall())
    connection.commit()
    changed: list[str] = []
    for source in sources:
        rules = rules_of(source, config)
        digest = hashlib.sha256(rules).hexdigest()
        if known.get(source.id) == digest:
            continue
        again = moment(now_us - SPAN_US) if source.id in known else None
        with connection.transaction():
            if again is not None:
                tags = [db_ix[tag.info.ix] for tag in source.tags]
                connection.execute(_TOUCH, (tags, again, tags, again))
                changed.append(source.id)
            connection.execute(_KEEP, (source.id, moment(now_us), digest, rules.decode(), again))
    if changed:
        _log.info("The rules of sources have changed; their last 35 days are judged again.", sources=changed)
    return changed
