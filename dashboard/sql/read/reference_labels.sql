-- Labels by group in the days that each version is calibrated on: which groups have enough.
WITH days AS (SELECT unnest($versions) AS version, unnest($since) AS first, unnest($until) AS last)
SELECT attribute, version, grp, label, sum(n)::BIGINT
FROM outcomes JOIN days USING (version)
WHERE label IS NOT NULL AND day >= first AND day < last AND scored > 0
GROUP BY ALL
