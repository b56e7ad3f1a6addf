-- Reading alerts and their events.

--> alert_history
-- Newest first. Every filter is off where its parameter is NULL.
SELECT *
FROM alert
WHERE (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
  AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
  AND (%(priorities)s::smallint[] IS NULL OR priority = ANY(%(priorities)s))
  AND (%(levels)s::text[] IS NULL OR level = ANY(%(levels)s))
  AND (%(enterprise)s::text IS NULL OR enterprise = %(enterprise)s)
  AND (%(source)s::text IS NULL OR source = %(source)s)
  AND (%(rule)s::text IS NULL OR rule = %(rule)s)
  AND (%(target)s::text IS NULL OR target = %(target)s)
  AND (%(from)s::timestamptz IS NULL OR raised >= %(from)s)
  AND (%(to)s::timestamptz IS NULL OR raised < %(to)s)
  AND (%(before)s::timestamptz IS NULL OR (raised, id) < (%(before)s, %(before_id)s::uuid))
ORDER BY raised DESC, id DESC
LIMIT %(limit)s

--> alert_by_id
SELECT *
FROM alert
WHERE id = %(id)s
  AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))

--> events_of_alert
SELECT e.body
FROM alert_event e
JOIN alert a ON a.id = e.alert_id
WHERE e.alert_id = %(id)s
  AND (%(visible)s::text[] IS NULL OR a.enterprise = ANY(%(visible)s))
ORDER BY e.recorded, e.seq

--> events_since
-- A window of `limit` events as they were recorded; those that the scope hides come as a number without a body, so
-- that the reader can tell "hidden" from "missing".
SELECT seq, body FROM events_since(%(chain)s, %(seq)s, %(limit)s)
