-- Everything that was recorded in a span, for the sources that an incident is about. Each statement takes the scope.

--> events
-- Of alerts of these sources (or these alerts, whatever their source), and of context entries of these enterprises.
SELECT e.body
FROM alert_event e
JOIN alert a ON a.id = e.alert_id
WHERE e.recorded >= %(from)s AND e.recorded < %(to)s
  AND (a.source = ANY(%(sources)s) OR a.id = ANY(%(alerts)s::uuid[]))
  AND (%(visible)s::text[] IS NULL OR a.enterprise = ANY(%(visible)s))
UNION ALL
SELECT e.body
FROM alert_event e
JOIN context c ON c.id = e.alert_id
WHERE e.recorded >= %(from)s AND e.recorded < %(to)s
  AND c.enterprise = ANY(%(enterprises)s)
  AND (%(visible)s::text[] IS NULL OR c.enterprise = ANY(%(visible)s))
LIMIT %(limit)s

--> notifications
SELECT at, seq, about, enterprise, channel, why, state, attempt, reason
FROM notification
WHERE at >= %(from)s AND at < %(to)s AND about && %(alerts)s::uuid[]
  AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
LIMIT %(limit)s

--> rules
SELECT at, number, author, reason
FROM rule_version
WHERE at >= %(from)s AND at < %(to)s AND %(visible)s::text[] IS NULL
LIMIT %(limit)s

--> gaps
SELECT connector, from_time, to_time, reason, refilled
FROM connector_gap
WHERE from_time < %(to)s AND to_time > %(from)s AND connector = ANY(%(connectors)s)
LIMIT %(limit)s

--> cases
SELECT e.at, e.seq, e.by, e.role, e.kind, e.text, e.to_state, e.internal, f.id, f.year, f.number, f.title, f.enterprise
FROM case_event e
JOIN case_file f ON f.id = e.case_id
WHERE e.at >= %(from)s AND e.at < %(to)s
  AND (f.source = ANY(%(sources)s) OR f.alerts && %(alerts)s::uuid[])
  AND (%(visible)s::text[] IS NULL OR (NOT e.internal AND f.enterprise = ANY(%(visible)s)))
LIMIT %(limit)s

--> risks
-- Why the park as a whole has its colour names enterprises: that is the park's to know.
SELECT at, seq, subject, enterprise, colour, was,
       CASE WHEN %(visible)s::text[] IS NULL OR kind <> 'park' THEN why ELSE '' END AS why
FROM risk_history
WHERE at >= %(from)s AND at < %(to)s AND subject = ANY(%(subjects)s)
  AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
LIMIT %(limit)s

--> marks
SELECT id, created, author, source, from_time, to_time, kind, type, reason, enterprise
FROM emission_mark
WHERE created >= %(from)s AND created < %(to)s AND source = ANY(%(sources)s)
  AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
LIMIT %(limit)s

--> notes
-- Commands to devices and what came of them.
SELECT at, id, kind, by, enterprise, subject, body
FROM audit_note
WHERE at >= %(from)s AND at < %(to)s AND kind IN ('device_command', 'device_answer') AND enterprise = ANY(%(enterprises)s)
  AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
LIMIT %(limit)s
