WITH asked AS (
  SELECT hour, status, sum(n)::BIGINT AS n
  FROM answers
  WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL),
hours AS (SELECT hour, sum(n)::BIGINT AS n FROM asked GROUP BY hour),
failures AS (SELECT DISTINCT status FROM asked WHERE status <> 'ok')
SELECT status, list(coalesce(asked.n, 0) ORDER BY hour), list(hours.n ORDER BY hour)
FROM failures CROSS JOIN hours LEFT JOIN asked USING (status, hour)
GROUP BY status ORDER BY status
