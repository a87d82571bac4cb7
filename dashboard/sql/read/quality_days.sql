SELECT bucket, version, feature, list(n ORDER BY day), list(missing ORDER BY day), list(out_of_range ORDER BY day)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, feature, day,
    sum(n)::BIGINT AS n, sum(missing)::BIGINT AS missing, sum(out_of_range)::BIGINT AS out_of_range
  FROM quality
  WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY ALL ORDER BY bucket, version, feature
