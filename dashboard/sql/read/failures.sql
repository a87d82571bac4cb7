SELECT bucket_of(day, $by, $since) AS bucket, version, coalesce(endpoint, 'unknown') AS endpoint,
  CASE WHEN status <> 'ok' THEN status END AS failure, sum(n)::BIGINT AS n
FROM answers
WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
GROUP BY ALL ORDER BY ALL
