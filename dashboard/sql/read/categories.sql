SELECT bucket, version, feature, list(category), list(n)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, feature, category, sum(n)::BIGINT AS n
  FROM categories
  WHERE ($feature IS NULL OR feature = $feature) AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY bucket, version, feature ORDER BY bucket, version, feature
