SELECT bucket, version, feature, list(day ORDER BY day), list(n ORDER BY day), list(absolute ORDER BY day)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, feature,
    (day - DATE '1970-01-01')::BIGINT AS day, sum(n)::DOUBLE AS n, sum(absolute_sum)::DOUBLE AS absolute
  FROM attributions
  WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY bucket, version, feature ORDER BY bucket, version, feature
