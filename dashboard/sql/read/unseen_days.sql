WITH known AS (
  SELECT DISTINCT feature, category FROM categories
  WHERE category IS NOT NULL AND day >= $reference_since AND day < $reference_until AND NOT list_contains($shadow, version))
SELECT bucket, version, feature, list(n ORDER BY day), list(unseen ORDER BY day)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, feature, day,
    sum(n)::BIGINT AS n, sum(CASE WHEN (feature, category) NOT IN (FROM known) THEN n ELSE 0 END)::BIGINT AS unseen
  FROM categories
  WHERE category IS NOT NULL AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY ALL ORDER BY bucket, version, feature
