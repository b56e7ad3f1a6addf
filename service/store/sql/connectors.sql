-- Reading what could not be used, and when connectors were not listening.

--> dead_letters
-- Newest first.
SELECT id, received_at, origin, enterprise, address, reason, detail, raw
FROM dead_letter
WHERE (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
  AND (%(origin)s::text IS NULL OR origin = %(origin)s)
  AND (%(reason)s::text IS NULL OR reason = %(reason)s)
  AND (%(from)s::timestamptz IS NULL OR received_at >= %(from)s)
  AND (%(to)s::timestamptz IS NULL OR received_at < %(to)s)
  AND (%(before)s::timestamptz IS NULL OR (received_at, id) < (%(before)s, %(before_id)s))
ORDER BY received_at DESC, id DESC
LIMIT %(limit)s

--> connector_gaps
-- Newest first. A connector belongs to those whose tags it brings: the caller names those that its scope sees.
SELECT connector, from_time, to_time, reason, refilled
FROM connector_gap
WHERE (%(connectors)s::text[] IS NULL OR connector = ANY(%(connectors)s))
  AND (%(from)s::timestamptz IS NULL OR to_time >= %(from)s)
ORDER BY from_time DESC, connector
LIMIT %(limit)s
