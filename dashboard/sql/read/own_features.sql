SELECT bucket, version, feature, flatten(list(bins)), flatten(list(counts)), flatten(list(totals))
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, feature, bins, counts, totals
  FROM own_features
  WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow))
GROUP BY bucket, version, feature ORDER BY bucket, version, feature
