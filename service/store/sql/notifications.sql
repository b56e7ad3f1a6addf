-- The journal of what was told to whom.

--> insert
INSERT INTO notification (id, at, about, enterprise, channel, route, why, colour, state, attempt, step, reason, took_ms)
VALUES (%(id)s, %(at)s, %(about)s::uuid[], %(enterprise)s, %(channel)s, %(route)s, %(why)s, %(colour)s, %(state)s,
        %(attempt)s, %(step)s, %(reason)s, %(took_ms)s)

--> list
SELECT * FROM notification
WHERE (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
  AND (%(alert)s::uuid IS NULL OR about @> ARRAY[%(alert)s::uuid])
  AND (%(channel)s::text IS NULL OR channel = %(channel)s)
  AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
  AND (%(from)s::timestamptz IS NULL OR at >= %(from)s)
  AND (%(to)s::timestamptz IS NULL OR at < %(to)s)
  AND (%(before)s::timestamptz IS NULL OR (at, seq) < (%(before)s, %(before_seq)s::bigint))
ORDER BY at DESC, seq DESC
LIMIT %(limit)s
