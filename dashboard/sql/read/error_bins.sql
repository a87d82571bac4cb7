SELECT bucket, version, grp, list(bin), list(n)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp, bin, sum(n)::BIGINT AS n
  FROM error_bins
  WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY bucket, version, grp
