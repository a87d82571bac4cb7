SELECT bucket, version, part, list(n ORDER BY hour), list(cost ORDER BY hour)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version,
    CASE WHEN $column IS NOT NULL THEN coalesce(CASE WHEN $column = 'endpoint' THEN endpoint ELSE status END, 'unknown')
      END AS part,
    hour, sum(priced)::BIGINT AS n, sum(cost)::DOUBLE AS cost
  FROM answers
  WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow) AND priced > 0
  GROUP BY ALL)
WHERE $column IS NULL OR $name = '*' OR part = $name
GROUP BY bucket, version, part ORDER BY bucket, version, part
