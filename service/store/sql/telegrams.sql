-- Reading telegrams as they came. A block holds those of many enterprises: whoever unpacks it keeps to the scope.

--> raw_blocks
-- Newest first, from where the page before ended.
SELECT received_at, origin, data
FROM raw_block
WHERE received_at >= %(from)s AND received_at < %(to)s
  AND (%(origin)s::text IS NULL OR origin = %(origin)s)
  AND (%(before)s::timestamptz IS NULL OR (received_at, origin) <= (%(before)s, %(before_origin)s))
ORDER BY received_at DESC, origin DESC
LIMIT %(limit)s
