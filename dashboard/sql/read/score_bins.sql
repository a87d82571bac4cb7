SELECT bucket, version, grp, class, list(bin), list(n)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp, class, bin, sum(n)::BIGINT AS n
  FROM bins
  WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY bucket, version, grp, class ORDER BY bucket, version, grp, class
