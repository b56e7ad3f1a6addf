-- Reading samples. Every statement is given tags that the caller's scope has been checked against (visible_tags).
--
-- Rows come packed: the server strings the binary forms of a page's rows together into one value, and numpy reads them
-- where they lie. PostgreSQL's COPY sends one message a row, which costs Python 40 to 70 times as much.

--> visible_tags
SELECT ix, id, unit
FROM tag
WHERE id = ANY(%(ids)s)
  AND (%(visible)s::text[] IS NULL OR enterprise = ANY(%(visible)s))
ORDER BY ix;

--> samples_raw
-- Packed as `service.store.samples.RAW`; no column is ever NULL.
SELECT string_agg(
         int4send(tag) || timestamptz_send(time) || float8send(value) || int2send(quality) || int4send(lag_ms), '') AS packed
FROM (
  SELECT tag, time, value, quality, lag_ms
  FROM sample
  WHERE tag = ANY(%(tags)s)
    AND time >= %(from)s AND time < %(to)s
    AND (tag, time) >= (%(start_tag)s, %(start_time)s) AND (tag, time) < (%(end_tag)s, %(end_time)s)
  ORDER BY tag, time
  LIMIT %(limit)s
) page;

--> samples_raw_boundary
-- The key of the row behind the first `limit` rows: where the next page begins.
SELECT tag, time
FROM sample
WHERE tag = ANY(%(tags)s)
  AND time >= %(from)s AND time < %(to)s
  AND (tag, time) >= (%(start_tag)s, %(start_time)s) AND (tag, time) < (%(end_tag)s, %(end_time)s)
ORDER BY tag, time
OFFSET %(limit)s LIMIT 1;

--> samples_bucketed
-- Packed as `service.store.samples.BUCKETED`. Mean, least and greatest are of the good samples (class 0: the two low
-- bits of quality, park/quality.py), NaN where there is none. Whole hours of UTC are whole hours of UTC+08:00.
SELECT string_agg(
         int4send(tag) || timestamptz_send(bucket) || float8send(mean) || float8send(least) || float8send(greatest)
         || int8send(count) || int8send(good), '') AS packed
FROM (
  SELECT tag,
         time_bucket(%(bucket)s, time) AS bucket,
         coalesce(avg(value) FILTER (WHERE quality & 3 = 0), 'NaN') AS mean,
         coalesce(min(value) FILTER (WHERE quality & 3 = 0), 'NaN') AS least,
         coalesce(max(value) FILTER (WHERE quality & 3 = 0), 'NaN') AS greatest,
         count(*) AS count,
         count(*) FILTER (WHERE quality & 3 = 0) AS good
  FROM sample
  WHERE tag = ANY(%(tags)s)
    AND time >= %(from)s AND time < %(to)s
    AND (tag, time) >= (%(start_tag)s, %(start_time)s) AND (tag, time) < (%(end_tag)s, %(end_time)s)
  GROUP BY tag, bucket
  ORDER BY tag, bucket
  LIMIT %(limit)s
) page;
