-- Reading upwind traces.

--> trace_of_alert
-- The newest revision. What it may show of others the reader decides (service/tracing/shown.py).
SELECT alert_id, revision, subject, enterprise, at, computed, samples, body
FROM trace
WHERE alert_id = %(id)s
  AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
ORDER BY revision DESC
LIMIT 1

--> alerts_without_trace
-- Of these sources, raised since; those with a first revision too, which late data may revise.
SELECT a.*, coalesce(t.revision, 0) AS trace_revision
FROM alert a
LEFT JOIN LATERAL (
  SELECT max(revision) AS revision FROM trace WHERE alert_id = a.id
) t ON true
WHERE a.source = ANY(%(sources)s)
  AND a.raised >= %(from)s
  AND coalesce(t.revision, 0) < 2
ORDER BY a.raised DESC
LIMIT %(limit)s
