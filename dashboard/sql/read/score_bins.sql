SELECT bucket, version, list(bin), list(n)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, bin, sum(n)::BIGINT AS n
  FROM bins
  WHERE attribute = '' AND class IS NULL AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY bucket, version ORDER BY bucket, version
