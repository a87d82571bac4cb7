-- Labels by score bin and day in the days that each version is calibrated on.
WITH days AS (SELECT unnest($versions) AS version, unnest($since) AS first, unnest($until) AS last)
SELECT version, grp, class, list(place), list(positive), list(bin), list(n)
FROM (
  SELECT version, grp, class, (day - first)::INTEGER AS place, (label = coalesce(class, '1'))::INTEGER AS positive,
    bin::INTEGER AS bin, sum(n)::BIGINT AS n
  FROM bins JOIN days USING (version)
  WHERE attribute = $attribute AND label IS NOT NULL AND day >= first AND day < last
  GROUP BY ALL)
GROUP BY ALL ORDER BY version, grp, class
