SELECT bucket, version, part, list(hour_number), list(occurring), flatten(list(bins)), flatten(list(counts))
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version,
    coalesce(CASE WHEN $column = 'endpoint' THEN endpoint ELSE status END, 'unknown') AS part,
    date_diff('hour', TIMESTAMP '1970-01-01', hour)::BIGINT AS hour_number, len(bins)::BIGINT AS occurring, bins, counts
  FROM latency
  WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow))
WHERE $name = '*' OR part = $name
GROUP BY bucket, version, part ORDER BY bucket, version, part
