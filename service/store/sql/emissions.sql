-- Reading what was judged.

--> means
-- Every revision, or the ones that hold; by tag, period and revision. Of each tag no more than a page is read.
SELECT m.*
FROM unnest(%(tags)s::int[]) AS asked (tag)
CROSS JOIN LATERAL (
    SELECT one.*, NOT EXISTS (
        SELECT FROM emission_mean AS later
        WHERE later.tag = one.tag AND later.period = one.period AND later.start = one.start
          AND later.revision > one.revision) AS holds
    FROM emission_mean AS one
    WHERE one.tag = asked.tag AND one.period = %(period)s
      AND one.start >= greatest(%(from)s::timestamptz,
                                CASE WHEN one.tag = %(after_tag)s THEN %(after_start)s::timestamptz END)
      AND one.start < %(to)s
      AND (%(after_tag)s::int IS NULL
           OR (one.tag, one.start, one.revision) > (%(after_tag)s, %(after_start)s, %(after_revision)s))
      AND (%(revisions)s OR NOT EXISTS (
        SELECT FROM emission_mean AS later
        WHERE later.tag = one.tag AND later.period = one.period AND later.start = one.start
          AND later.revision > one.revision))
    ORDER BY one.start, one.revision
    LIMIT %(limit)s
) AS m
ORDER BY m.tag, m.start, m.revision
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
-- Packed as `service.judge.columns.packed_minutes` reads them.
SELECT string_agg(int4send(tag) || timestamptz_send(minute) || float8send(value) || float8send(computed) || int4send(n)
                  || int4send(flag + (origin << 8) + (late::int << 16) + (refilled::int << 17)),
                  ''::bytea ORDER BY tag, minute) AS packed
FROM emission_minute
WHERE tag = ANY(%(tags)s) AND minute >= %(from)s AND minute < %(to)s

--> deliveries
-- What became of the hours of groups of tags: one row for each group that has any. A group is heard in an hour when any
-- of its tags is, in as many minutes as the best of them; an outage is a run of hours in which it is not.
WITH held AS (
    SELECT DISTINCT ON (m.tag, m.start) member.n, m.start, m.status, m.present, m.late, m.refilled, m.verdict
    FROM unnest(%(tags)s::int[], %(groups)s::int[]) AS member (tag, n)
    JOIN emission_mean AS m ON m.tag = member.tag
    WHERE m.period = 'hour' AND m.start >= %(from)s AND m.start < %(to)s
    ORDER BY m.tag, m.start, m.revision DESC
), hour AS (
    SELECT n, start, max(greatest(present - late - refilled, 0)) AS in_time,
           count(*) FILTER (WHERE present > 0) AS delivered, count(*) FILTER (WHERE status = 3) AS stopped,
           count(*) FILTER (WHERE status = 1) AS valid, count(*) FILTER (WHERE verdict = 0) AS agree,
           count(*) FILTER (WHERE verdict <> 2) AS comparable, sum(present) AS present, sum(late) AS late,
           sum(refilled) AS refilled
    FROM held GROUP BY n, start
), silent AS (
    SELECT n, start - row_number() OVER (PARTITION BY n ORDER BY start) * interval '1 hour' AS run
    FROM hour WHERE in_time = 0
), outage AS (
    SELECT n, count(*) AS outages, max(hours) AS longest
    FROM (SELECT n, count(*) AS hours FROM silent GROUP BY n, run) AS runs GROUP BY n
)
SELECT n, count(*) FILTER (WHERE in_time > 0) AS heard, sum(in_time)::bigint AS in_time,
       sum(delivered)::bigint AS delivered, sum(stopped)::bigint AS stopped, sum(valid)::bigint AS valid,
       sum(agree)::bigint AS agree, sum(comparable)::bigint AS comparable, sum(present)::bigint AS present,
       sum(late)::bigint AS late, sum(refilled)::bigint AS refilled,
       coalesce(max(outages), 0) AS outages, coalesce(max(longest), 0) AS longest
FROM hour LEFT JOIN outage USING (n)
GROUP BY n

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
