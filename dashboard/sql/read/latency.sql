SELECT bucket, version, list(hour_number), list(bin), list(n)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version,
    date_diff('hour', TIMESTAMP '1970-01-01', hour)::BIGINT AS hour_number, bin::BIGINT AS bin, sum(n)::BIGINT AS n
  FROM latency
  WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
    AND ($endpoint IS NULL OR endpoint = $endpoint)
  GROUP BY ALL)
GROUP BY bucket, version ORDER BY bucket, version
