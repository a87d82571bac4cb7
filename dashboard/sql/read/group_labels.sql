-- Every group there is, and its labels in the days that its version is calibrated on.
WITH days AS (SELECT unnest($versions) AS version, unnest($since) AS first, unnest($until) AS last)
SELECT attribute, version, grp, label, coalesce(sum(scored) FILTER (day >= first AND day < last), 0)::BIGINT
FROM outcomes JOIN days USING (version)
WHERE scored > 0 AND list_contains($attributes, attribute)
GROUP BY ALL
