-- Reading what was judged.

--> means
-- Every revision, or the ones that hold; by tag, period and revision.
WITH wanted AS (
    SELECT m.*, row_number() OVER (PARTITION BY m.tag, m.start ORDER BY m.revision DESC) = 1 AS holds
    FROM emission_mean AS m
    WHERE m.tag = ANY(%(tags)s) AND m.period = %(period)s
      AND m.start >= %(from)s AND m.start < %(to)s
)
SELECT * FROM wanted
WHERE (%(revisions)s OR holds)
  AND (%(after_tag)s::int IS NULL OR (tag, start, revision) > (%(after_tag)s, %(after_start)s, %(after_revision)s))
ORDER BY tag, start, revision
LIMIT %(limit)s

--> last_means
-- The last judged period of each tag.
SELECT DISTINCT ON (m.tag) m.*, true AS holds
FROM unnest(%(tags)s::int[]) AS asked (tag)
CROSS JOIN LATERAL (
    SELECT * FROM emission_mean AS one
    WHERE one.tag = asked.tag AND one.period = %(period)s
    ORDER BY one.start DESC, one.revision DESC LIMIT 1
) AS m
ORDER BY m.tag

--> minutes
SELECT tag, minute, value, computed, n, flag, origin, late, refilled
FROM emission_minute
WHERE tag = ANY(%(tags)s) AND minute >= %(from)s AND minute < %(to)s
ORDER BY tag, minute
LIMIT %(limit)s

--> exceedances
-- Newest first. Every filter is off where its parameter is NULL.
SELECT e.id::text, e.kind, tag.id AS tag, e.enterprise, e.source, e.quantity, e.start, e.side, e.value, e.limit_value,
       e.unit, e.provenance, e.unmarked, e.state, e.revision, e.judged, e.why, e.over
FROM emission_exceedance AS e JOIN tag ON tag.ix = e.tag
WHERE (%(visible)s::text[] IS NULL OR e.enterprise = ANY(%(visible)s))
  AND (%(kinds)s::text[] IS NULL OR e.kind = ANY(%(kinds)s))
  AND (%(states)s::text[] IS NULL OR e.state = ANY(%(states)s))
  AND (%(source)s::text IS NULL OR e.source = %(source)s)
  AND (%(enterprise)s::text IS NULL OR e.enterprise = %(enterprise)s)
  AND (%(from)s::timestamptz IS NULL OR e.start >= %(from)s)
  AND (%(to)s::timestamptz IS NULL OR e.start < %(to)s)
  AND (%(before)s::timestamptz IS NULL OR (e.start, e.id) < (%(before)s, %(before_id)s::uuid))
ORDER BY e.start DESC, e.id DESC
LIMIT %(limit)s

--> exceedance_events
SELECT v.revision, v.at, v.state, v.value, v.limit_value, v.unmarked, v.why
FROM emission_exceedance_event AS v JOIN emission_exceedance AS e ON e.id = v.id
WHERE v.id = %(id)s AND (%(visible)s::text[] IS NULL OR e.enterprise = ANY(%(visible)s))
ORDER BY v.revision

--> exceedance_counts
-- Standing findings of each tag in a span.
SELECT tag, count(*) AS count
FROM emission_exceedance
WHERE tag = ANY(%(tags)s) AND kind <> 'warning' AND state = 'standing' AND unmarked
  AND start >= %(from)s AND start < %(to)s
GROUP BY tag

--> marks
-- Newest first; `from` and `to` are of the time that a mark covers.
SELECT id::text, enterprise, source, tags, from_time, to_time, kind, type, reason, author, created, origin, withdrawn,
       withdrawn_by, withdraw_reason
FROM emission_mark
WHERE (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
  AND (%(source)s::text IS NULL OR source = %(source)s)
  AND (%(enterprise)s::text IS NULL OR enterprise = %(enterprise)s)
  AND (%(id)s::uuid IS NULL OR id = %(id)s)
  AND (%(withdrawn)s::bool OR withdrawn IS NULL)
  AND (%(from)s::timestamptz IS NULL OR to_time > %(from)s)
  AND (%(to)s::timestamptz IS NULL OR from_time < %(to)s)
  AND (%(before)s::timestamptz IS NULL OR (created, id) < (%(before)s, %(before_id)s::uuid))
ORDER BY created DESC, id DESC
LIMIT %(limit)s
