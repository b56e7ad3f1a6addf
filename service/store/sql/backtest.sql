-- Reading a span of many tags in order of time. The tags have been checked against the caller's scope (visible_tags).

--> samples_slice
-- All samples of a slice of time, packed as `service.store.samples.RAW`, in no order: the reader sorts them.
SELECT string_agg(
         int4send(tag) || timestamptz_send(time) || float8send(value) || int2send(quality) || int4send(lag_ms), '') AS packed
FROM sample
WHERE tag = ANY(%(tags)s) AND time >= %(from)s AND time < %(to)s;

--> samples_next
-- Time of the first sample of these tags from a moment on; NULL: there is none before `to`.
SELECT min(time) AS time
FROM sample
WHERE tag = ANY(%(tags)s) AND time >= %(from)s AND time < %(to)s;

--> newest_rules
-- The version of the rules that came into force last, of whichever journal.
SELECT body FROM rule_version ORDER BY at DESC, number DESC LIMIT 1;
