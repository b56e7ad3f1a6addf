-- Reading what was going on in the plant.

--> contexts
-- Newest first. Every filter is off where its parameter is NULL; `from` and `to` are of the time that an entry covers.
SELECT *
FROM context
WHERE (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
  AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s))
  AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
  AND (%(enterprise)s::text IS NULL OR enterprise = %(enterprise)s)
  AND (%(from)s::timestamptz IS NULL OR coalesce(over, to_time) > %(from)s)
  AND (%(to)s::timestamptz IS NULL OR from_time < %(to)s)
  AND (%(before)s::timestamptz IS NULL OR (opened, id) < (%(before)s, %(before_id)s::uuid))
ORDER BY opened DESC, id DESC
LIMIT %(limit)s

--> context_by_id
SELECT *
FROM context
WHERE id = %(id)s
  AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
