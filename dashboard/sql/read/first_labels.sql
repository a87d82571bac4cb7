-- Each version's first day, and how many labels it has in the window that is to be the reference.
SELECT version, min(day), coalesce(sum(n) FILTER (label IS NOT NULL AND day >= $since AND day < $until), 0)::BIGINT
FROM outcomes WHERE attribute = '' GROUP BY version ORDER BY version
