-- Shifts, duties, inspections, ratings, lights. service/duty.

--> add_entry
-- The same id twice is one entry: the second gets what the first wrote.
WITH made AS (
    INSERT INTO shift_entry (id, at, by, kind, text, about)
    VALUES (%(id)s, %(at)s, %(by)s, %(kind)s, %(text)s, %(about)s) ON CONFLICT (id) DO NOTHING
    RETURNING id, at, by, kind, text, about
)
SELECT * FROM made UNION ALL SELECT id, at, by, kind, text, about FROM shift_entry WHERE id = %(id)s

--> entries
SELECT id, at, by, kind, text, about FROM shift_entry
WHERE (%(from)s::timestamptz IS NULL OR at >= %(from)s) AND (%(to)s::timestamptz IS NULL OR at < %(to)s)
  AND (%(before)s::timestamptz IS NULL OR (at, id) < (%(before)s, %(before_id)s::uuid))
ORDER BY at DESC, id DESC LIMIT %(limit)s

--> add_handover
INSERT INTO handover (id, at, shift, by, note, sheet, digest)
VALUES (%(id)s, %(at)s, %(shift)s, %(by)s, %(note)s, %(sheet)s, %(digest)s) ON CONFLICT (id) DO NOTHING

--> handovers
SELECT id, at, shift, by, note, digest, taken, taken_by, taken_note FROM handover
WHERE (%(before)s::timestamptz IS NULL OR (at, id) < (%(before)s, %(before_id)s::uuid))
ORDER BY at DESC, id DESC LIMIT %(limit)s

--> handover
SELECT id, at, shift, by, note, sheet, digest, taken, taken_by, taken_note FROM handover WHERE id = %(id)s

--> lock_handover
SELECT id, by, taken, taken_by FROM handover WHERE id = %(id)s FOR UPDATE

--> take_handover
UPDATE handover SET taken = %(at)s, taken_by = %(by)s, taken_note = %(note)s WHERE id = %(id)s

--> last_handover
SELECT at FROM handover ORDER BY at DESC LIMIT 1

--> report_duty
INSERT INTO duty_report (id, enterprise, duty, period, at, by, result, text)
VALUES (%(id)s, %(enterprise)s, %(duty)s, %(period)s, %(at)s, %(by)s, %(result)s, %(text)s)
ON CONFLICT (enterprise, duty, period) DO NOTHING
RETURNING id, enterprise, duty, period, at, by, result, text

--> reported
SELECT id, enterprise, duty, period, at, by, result, text FROM duty_report
WHERE at >= %(since)s
  AND (%(enterprise)s::text IS NULL OR enterprise = %(enterprise)s)
  AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
ORDER BY at DESC

--> add_inspection
WITH made AS (
    INSERT INTO inspection (id, enterprise, at, by, defects, text)
    VALUES (%(id)s, %(enterprise)s, %(at)s, %(by)s, %(defects)s, %(text)s) ON CONFLICT (id) DO NOTHING
    RETURNING id, enterprise, at, by, defects, text
)
SELECT * FROM made UNION ALL SELECT id, enterprise, at, by, defects, text FROM inspection WHERE id = %(id)s

--> inspections
SELECT id, enterprise, at, by, defects, text FROM inspection
WHERE (%(enterprise)s::text IS NULL OR enterprise = %(enterprise)s)
  AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
ORDER BY at DESC, id DESC LIMIT %(limit)s

--> last_inspections
SELECT enterprise, max(at) AS at FROM inspection
WHERE (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
GROUP BY enterprise

--> add_rating
INSERT INTO rating (id, enterprise, at, by, rating, reason)
VALUES (%(id)s, %(enterprise)s, %(at)s, %(by)s, %(rating)s, %(reason)s) ON CONFLICT (id) DO NOTHING

--> ratings
SELECT DISTINCT ON (enterprise) enterprise, rating, at, by, reason FROM rating
WHERE (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
ORDER BY enterprise, at DESC, id DESC

--> counts
-- What counts for the lights, by enterprise. Alarms whose case turned out to be of an instrument, a calibration, a test
-- or the communication are left out; so is what the service raises about duties, which counts by itself.
WITH alarms AS (
    SELECT a.enterprise, a.priority FROM alert a
    WHERE a.raised >= %(from)s AND a.raised < %(to)s AND a.priority IN (1, 2)
      AND a.rule NOT IN ('service', 'duty-overdue', 'emission-hour', 'emission-day')
      AND NOT EXISTS (SELECT FROM case_file c WHERE c.alerts @> ARRAY[a.id] AND c.cause <> 'real')
)
SELECT enterprise, 'alarm_p' || priority AS what, count(*) AS count FROM alarms
WHERE (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s)) GROUP BY 1, 2
UNION ALL
SELECT enterprise, 'exceedance', count(*) FROM emission_exceedance
WHERE start >= %(from)s AND start < %(to)s AND kind IN ('hour', 'day') AND state = 'standing'
  AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s)) GROUP BY 1
UNION ALL
SELECT enterprise, 'case_overdue', count(*) FROM case_file
WHERE due >= %(from)s AND due < least(%(to)s, %(now)s) AND (state IN ('dispatched', 'received') OR answered > due)
  AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s)) GROUP BY 1
UNION ALL
SELECT enterprise, 'defect', sum(defects)::bigint FROM inspection
WHERE at >= %(from)s AND at < %(to)s AND defects > 0
  AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s)) GROUP BY 1
