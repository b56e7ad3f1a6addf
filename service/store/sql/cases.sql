-- Cases: reading them, and each step of them. service/cases/desk.py.

--> take_number
INSERT INTO case_number (year, last) VALUES (%(year)s, 1)
ON CONFLICT (year) DO UPDATE SET last = case_number.last + 1
RETURNING last

--> add
INSERT INTO case_file (id, year, number, title, state, colour, cause, enterprise, source, alerts, instructions, opened,
                       opened_by, handed, due, updated, seq)
VALUES (%(id)s, %(year)s, %(number)s, %(title)s, 'dispatched', %(colour)s, %(cause)s, %(enterprise)s, %(source)s,
        %(alerts)s::uuid[], %(instructions)s, %(at)s, %(by)s, %(at)s, %(due)s, %(at)s, 1)

--> add_event
INSERT INTO case_event (case_id, seq, at, by, role, kind, text, from_state, to_state, enterprise, internal, attachment,
                        request)
VALUES (%(case)s, %(seq)s, %(at)s, %(by)s, %(role)s, %(kind)s, %(text)s, %(from_state)s, %(to_state)s, %(enterprise)s,
        %(internal)s, %(attachment)s, %(request)s)

--> add_attachment
INSERT INTO case_attachment (id, case_id, enterprise, at, by, name, media_type, bytes, sha256, data)
VALUES (%(id)s, %(case)s, %(enterprise)s, %(at)s, %(by)s, %(name)s, %(media_type)s, %(bytes)s, %(sha256)s, %(data)s)

--> lock
SELECT * FROM case_file
WHERE id = %(id)s AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
FOR UPDATE

--> by_id
SELECT * FROM case_file
WHERE id = %(id)s AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))

--> done_before
SELECT seq FROM case_event WHERE case_id = %(case)s AND request = %(request)s

--> list
SELECT * FROM case_file
WHERE (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
  AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
  AND (%(enterprise)s::text IS NULL OR enterprise = %(enterprise)s)
  AND (%(source)s::text IS NULL OR source = %(source)s)
  AND (%(alert)s::uuid IS NULL OR alerts @> ARRAY[%(alert)s::uuid])
  AND (NOT %(overdue)s OR (state IN ('dispatched', 'received') AND due < %(now)s))
  AND (%(from)s::timestamptz IS NULL OR opened >= %(from)s)
  AND (%(to)s::timestamptz IS NULL OR opened < %(to)s)
  AND (%(before)s::timestamptz IS NULL OR (opened, id) < (%(before)s, %(before_id)s::uuid))
ORDER BY opened DESC, id DESC
LIMIT %(limit)s

--> counts
SELECT state, count(*) AS cases, count(*) FILTER (WHERE due < %(now)s AND state IN ('dispatched', 'received')) AS overdue
FROM case_file
WHERE (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
  AND (state <> 'closed' OR closed >= %(now)s - interval '30 days')
GROUP BY state

--> events
SELECT seq, at, by, role, kind, text, from_state, to_state, internal, attachment
FROM case_event
WHERE case_id = %(id)s
  AND (%(visible)s::text[] IS NULL OR (NOT internal AND enterprise = ANY(%(visible)s)))
ORDER BY seq

--> attachments
SELECT id, at, by, name, media_type, bytes, sha256
FROM case_attachment
WHERE case_id = %(id)s AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
ORDER BY at, id

--> attachment
SELECT name, media_type, data, sha256
FROM case_attachment
WHERE case_id = %(case)s AND id = %(id)s AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))

--> due
-- With the enterprise, and due before the moment: candidates for a reminder or an escalation.
SELECT * FROM case_file
WHERE state IN ('dispatched', 'received') AND told < %(last)s
ORDER BY due
LIMIT 500
