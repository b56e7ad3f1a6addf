-- Reading the history of risk.

--> risk_history
-- Newest first. Everybody may know the park's colour; why it has it may name others.
SELECT seq, at, subject, kind, enterprise, colour, was,
       CASE WHEN %(visible)s::text[] IS NULL OR kind <> 'park' THEN score END AS score,
       CASE WHEN %(visible)s::text[] IS NULL OR kind <> 'park' THEN why ELSE '' END AS why
FROM risk_history
WHERE (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
  AND (%(subject)s::text IS NULL OR subject = %(subject)s)
  AND (%(from)s::timestamptz IS NULL OR at >= %(from)s)
  AND (%(to)s::timestamptz IS NULL OR at < %(to)s)
  AND (%(before)s::timestamptz IS NULL OR (at, seq) < (%(before)s, %(before_seq)s::bigint))
ORDER BY at DESC, seq DESC
LIMIT %(limit)s
