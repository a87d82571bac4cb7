SELECT bucket, version, part, sum(n)::BIGINT, count(DISTINCT day)::BIGINT, list(failed ORDER BY hour), list(n ORDER BY hour)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version,
    coalesce(CASE WHEN $column = 'endpoint' THEN endpoint ELSE status END, 'unknown') AS part, day, hour,
    sum(n)::BIGINT AS n, coalesce(sum(n) FILTER (status <> 'ok'), 0)::BIGINT AS failed
  FROM answers
  WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
WHERE $name = '*' OR part = $name
GROUP BY bucket, version, part ORDER BY bucket, version, part
