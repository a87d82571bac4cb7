SELECT bucket, version, list(n ORDER BY hour), list(energy ORDER BY hour)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, hour,
    sum(measured)::BIGINT AS n, sum(energy)::DOUBLE AS energy
  FROM answers
  WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow) AND measured > 0
  GROUP BY ALL)
GROUP BY bucket, version ORDER BY bucket, version
