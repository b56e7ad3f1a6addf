-- What key figures are computed from.

--> occurrences
-- All alerts that were raised in a span or stood at its beginning, oldest first.
SELECT id, rule, target, side, source, enterprise, priority, raised, cleared, acked, acked_by
FROM alert
WHERE (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
  AND raised < %(to)s
  AND (raised >= %(from)s OR cleared IS NULL OR cleared > %(from)s)
ORDER BY raised, id
LIMIT %(limit)s
