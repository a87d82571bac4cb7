SELECT bucket, version, sum(n)::BIGINT, count(DISTINCT day)::BIGINT, list(failed ORDER BY hour), list(n ORDER BY hour)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, day, hour,
    sum(n)::BIGINT AS n, sum(failed)::BIGINT AS failed
  FROM volume
  WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY bucket, version ORDER BY bucket, version
