SELECT bucket, version, grp, label, list(bin ORDER BY bin), list(n ORDER BY bin)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp, label, bin, sum(n)::BIGINT AS n
  FROM bins
  WHERE attribute = $attribute AND class IS NOT DISTINCT FROM $class AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY ALL ORDER BY bucket, version, grp, label
