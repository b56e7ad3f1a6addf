-- Reading what was done and by whom.

--> device_commands
-- Newest first: what was asked of a device, and what came of it.
SELECT c.id, c.at, c.by, c.body, a.at AS answered_at, a.body AS answer
FROM audit_note c
LEFT JOIN LATERAL (
    SELECT n.at, n.body
    FROM audit_note n
    WHERE n.journal = c.journal AND n.kind = 'device_answer' AND n.subject = c.subject AND n.at >= c.at
      AND n.body->>'command_id' = c.id::text
    ORDER BY n.at
    LIMIT 1
) a ON true
WHERE c.kind = 'device_command' AND c.subject = %(subject)s
  AND (%(visible)s::text[] IS NULL OR c.enterprise = ANY(%(visible)s))
  AND (%(id)s::uuid IS NULL OR c.id = %(id)s)
  AND (%(before)s::timestamptz IS NULL OR (c.at, c.id) < (%(before)s, %(before_id)s::uuid))
ORDER BY c.at DESC, c.id DESC
LIMIT %(limit)s

--> notes
SELECT id, at, kind, by, enterprise, subject, body
FROM audit_note
WHERE (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
  AND (%(kinds)s::text[] IS NULL OR kind = ANY(%(kinds)s))
  AND (%(by)s::text IS NULL OR by = %(by)s)
  AND (%(subject)s::text IS NULL OR subject = %(subject)s)
  AND (%(from)s::timestamptz IS NULL OR at >= %(from)s)
  AND (%(to)s::timestamptz IS NULL OR at < %(to)s)
  AND (%(before)s::timestamptz IS NULL OR (at, id) < (%(before)s, %(before_id)s::uuid))
ORDER BY at DESC, id DESC
LIMIT %(limit)s
