SELECT attribute, grp, delay, sum(n)::BIGINT
FROM delays
WHERE day >= $since AND day < $until AND ($attribute IS NULL OR attribute = $attribute)
GROUP BY ALL ORDER BY ALL
