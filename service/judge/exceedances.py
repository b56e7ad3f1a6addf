"""Exceedances as records: found anew with every judgement, kept by identity, withdrawn where they no longer hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import msgspec
import numpy as np
import psycopg

from rules.arrays import Ints
from rules.china_time import span
from rules.emissions.applicable import Applicable, Spans
from rules.emissions.exceed import Limits, Side, exceedances
from rules.emissions.periods import DAY_US, HOUR_US
from rules.transition import alert_id
from service.judge.columns import moments
from service.judge.records import MeanRows
from service.judge.sources import JudgedTag
from service.store.events import moment

Kind = Literal["warning", "hour", "day"]
#: Which alarm tells of each.
RULE: dict[str, str] = {"warning": "emission-warning", "hour": "emission-hour", "day": "emission-day"}
LENGTH_US: dict[str, int] = {"warning": HOUR_US, "hour": HOUR_US, "day": DAY_US}

_KNOWN = """
SELECT e.id::text, e.revision, e.state, e.value, e.limit_value, e.unmarked, e.over
FROM emission_exceedance AS e
JOIN unnest(%s::int[], %s::timestamptz[]) AS judged (tag, start) ON e.tag = judged.tag AND e.start = judged.start
WHERE e.kind = %s
"""
_UPSERT = """
INSERT INTO emission_exceedance (id, kind, tag, enterprise, source, quantity, start, side, value, limit_value, unit,
    provenance, unmarked, state, revision, judged, why, over)
VALUES (%(id)s, %(kind)s, %(tag)s, %(enterprise)s, %(source)s, %(quantity)s, %(start)s, %(side)s, %(value)s, %(limit)s,
    %(unit)s, %(provenance)s, %(unmarked)s, 'standing', %(revision)s, %(judged)s, %(why)s, %(over)s)
ON CONFLICT (id) DO UPDATE SET value = excluded.value, limit_value = excluded.limit_value, unit = excluded.unit,
    provenance = excluded.provenance, unmarked = excluded.unmarked, state = 'standing', revision = excluded.revision,
    judged = excluded.judged, why = excluded.why,
    over = CASE WHEN {again} THEN excluded.over ELSE coalesce(excluded.over, emission_exceedance.over) END,
    told = emission_exceedance.told AND NOT {again},
    told_over = emission_exceedance.told_over AND NOT {again}
""".format(
    # It was withdrawn or excused, and is a finding again: people are told anew.
    # So is a warning whose minutes begin anew after it was over.
    again="""(excluded.unmarked AND (emission_exceedance.state = 'withdrawn' OR NOT emission_exceedance.unmarked
        OR (excluded.kind = 'warning' AND excluded.over IS NULL AND emission_exceedance.over IS NOT NULL)))"""
)
_WITHDRAW = """
UPDATE emission_exceedance SET state = 'withdrawn', revision = %(revision)s, judged = %(judged)s, why = %(why)s,
    over = coalesce(over, %(judged)s)
WHERE id = %(id)s
"""
_EVENT = """
INSERT INTO emission_exceedance_event (id, revision, at, state, value, limit_value, unmarked, why)
VALUES (%(id)s, %(revision)s, %(judged)s, %(state)s, %(value)s, %(limit)s, %(unmarked)s, %(why)s)
"""
# Over when a later period of the tag is judged (it is below its limit, or has an exceedance of its own), or one of
# standstill (nothing is discharged).
_END = """
UPDATE emission_exceedance AS e SET over = later.start + make_interval(secs => %(length_s)s)
FROM (SELECT one.id, m.start FROM emission_exceedance AS one
      CROSS JOIN LATERAL (SELECT mean.start FROM emission_mean AS mean
                          WHERE mean.tag = one.tag AND mean.period = one.kind AND mean.start > one.start
                            AND mean.status IN (1, 3)
                          ORDER BY mean.start LIMIT 1) AS m
      WHERE one.kind = %(kind)s AND one.over IS NULL) AS later
WHERE e.id = later.id
"""


# Nobody judges the tag any more: it has left the park, or is called otherwise now.
_END_LEFT = "UPDATE emission_exceedance SET over = %s WHERE over IS NULL AND NOT tag = ANY(%s)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """One period over its limit."""

    kind: Kind
    tag: JudgedTag
    start_us: int
    side: str
    value: float
    limit: Applicable
    #: The bound that was passed; of an early warning a share of the limit's.
    bound: float
    #: It holds as well over what is not marked: only then is it a finding.
    unmarked: bool
    why: str
    #: Of early warnings: when the run of minutes ended; None: it goes on.
    over_us: int | None = None

    @property
    def id(self) -> str:
        """The same whenever and wherever it is found; the alert's id too."""
        return alert_id(RULE[self.kind], self.tag.info.id, self.side, self.start_us)


def limits_at(spans: Spans, times_us: Ints) -> Limits:
    """Those in force at each time."""
    upper, lower = spans.columns(times_us)
    return Limits(upper=upper, lower=lower, row=spans.which(times_us).astype(np.int32))


def found_in(tag: JudgedTag, rows: MeanRows, kind: Literal["hour", "day"]) -> list[Found]:
    """Of the judged means of one tag. What exceeds only together with what is marked is found, and says so."""
    spans: Spans = tag.hour_limits if kind == "hour" else tag.day_limits
    if not len(spans) or not len(rows):
        return []
    limits = limits_at(spans, rows.start_us)
    every = exceedances(rows.value, rows.valid, limits)
    alone = exceedances(rows.unmarked, rows.unmarked_valid, limits)
    whole = dict(zip(every.period.tolist(), zip(every.value, every.limit, every.side, strict=True), strict=True))
    proper = dict(zip(alone.period.tolist(), zip(alone.value, alone.limit, alone.side, strict=True), strict=True))
    found: list[Found] = []
    for period in sorted(whole.keys() | proper.keys()):
        value, bound, side = proper.get(period) or whole[period]
        limit = spans.at(int(rows.start_us[period]))
        assert limit is not None
        start_us = int(rows.start_us[period])
        found.append(
            Found(
                kind=kind,
                tag=tag,
                start_us=start_us,
                side="low" if side == Side.LOW else "high",
                value=float(value),
                limit=limit,
                bound=float(bound),
                unmarked=period in proper,
                why=_sentence(kind, start_us, float(value), limit, marked=period not in proper),
            )
        )
    return found


def _sentence(kind: str, start_us: int, value: float, limit: Applicable, *, marked: bool) -> str:
    means = "hour mean" if kind == "hour" else "day mean"
    excused = "; only with what is marked" if marked else ""
    when = span(start_us, start_us + LENGTH_US[kind])
    return f"{means} of {when} is {value:.4g} {limit.unit}, limit {limit.words()}{excused}"


def record(
    cursor: psycopg.Cursor[Any],
    kind: Kind,
    judged: Sequence[tuple[int, int]],
    found: Iterable[Found],
    db_ix: Sequence[int],
    judged_us: int,
) -> None:
    """``judged``: every (database's tag, start) looked at; what is known of them and not found is withdrawn."""
    if not judged:
        return
    tags, starts = zip(*judged, strict=True)
    columns = list(tags), moments(np.array(starts, np.int64))
    known = {row[0]: row for row in cursor.execute(_KNOWN.encode(), (*columns, kind)).fetchall()}
    at = moment(judged_us)
    seen: set[str] = set()
    for one in found:
        seen.add(one.id)
        _keep(cursor, one, known.get(one.id), db_ix[one.tag.info.ix], at)
    for id_, revision, state, value, limit, _, _ in known.values():
        if id_ in seen or state == "withdrawn":
            continue
        fields = {
            "id": id_,
            "revision": revision + 1,
            "judged": at,
            "why": "judged anew, it does not hold any more",
            "state": "withdrawn",
            "value": value,
            "limit": limit,
            "unmarked": False,
        }
        cursor.execute(_WITHDRAW.encode(), fields)
        cursor.execute(_EVENT.encode(), fields)


def _keep(cursor: psycopg.Cursor[Any], one: Found, known: tuple[Any, ...] | None, tag: int, at: Any) -> None:
    over = moment(one.over_us)
    if known is not None:
        _, _, state, value, limit, unmarked, known_over = known
        # The peak of a warning creeps up minute by minute: only what tells something new is a revision.
        near = bool(np.isclose(value, one.value, rtol=0.05 if one.kind == "warning" else 1e-9))
        same = near and (state, limit, unmarked) == ("standing", one.bound, one.unmarked)
        if same and (known_over == over if one.kind == "warning" else over is None or known_over == over):
            return
    info = one.tag.info
    excused = not one.unmarked
    fields = {
        "id": one.id,
        "kind": one.kind,
        "tag": tag,
        "enterprise": info.enterprise,
        "source": info.source_id,
        "quantity": info.tag.quantity,
        "start": moment(one.start_us),
        "side": one.side,
        "value": one.value,
        "limit": one.bound,
        "unit": info.tag.unit,
        "provenance": msgspec.json.encode(one.limit.facts()).decode(),
        "unmarked": one.unmarked,
        "revision": 1 if known is None else known[1] + 1,
        "judged": at,
        "why": one.why,
        "state": "standing",
        # What marks excuse calls for nobody any more.
        "over": over if over is not None or not excused else at,
    }
    cursor.execute(_UPSERT.encode(), fields)
    cursor.execute(_EVENT.encode(), fields)


def end(cursor: psycopg.Cursor[Any]) -> None:
    """Those after which a period was judged are over."""
    for kind in ("hour", "day"):
        cursor.execute(_END.encode(), {"kind": kind, "length_s": LENGTH_US[kind] / 1e6})


def end_left(connection: psycopg.Connection[Any], judged: Sequence[int], now_us: int) -> None:
    """Those of (the database's) tags that are not judged any more are over; they stay on record as they are."""
    connection.execute(_END_LEFT, (moment(now_us), list(judged)))
    connection.commit()


__all__ = ["LENGTH_US", "RULE", "Found", "Kind", "end", "end_left", "found_in", "limits_at", "record"]
