SELECT bucket, version, feature, list(bin), list(n), list(total)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, feature, bin, sum(n)::BIGINT AS n, sum(total)::DOUBLE AS total
  FROM features
  WHERE ($feature IS NULL OR feature = $feature) AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY bucket, version, feature ORDER BY bucket, version, feature
