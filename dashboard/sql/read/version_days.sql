SELECT version, sum(n)::BIGINT, list(DISTINCT day ORDER BY day)
FROM volume
WHERE day >= $since AND day < $until AND (version = $first OR version = $second)
GROUP BY version
