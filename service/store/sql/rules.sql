-- Versions of the rules of one journal.

--> rule_versions
-- Newest first, without their files.
SELECT number, at, author, reason, sha256
FROM rule_version
WHERE journal = %(journal)s::uuid
  AND (%(before)s::integer IS NULL OR number < %(before)s)
ORDER BY number DESC
LIMIT %(limit)s

--> rule_version
SELECT body
FROM rule_version
WHERE journal = %(journal)s::uuid AND number = %(number)s
