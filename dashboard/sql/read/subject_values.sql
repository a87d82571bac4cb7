SELECT bucket, version, grp, list(hash_bucket), list(n), list(total)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp,
    subject_values.bucket AS hash_bucket, sum(n)::DOUBLE AS n, sum(total)::DOUBLE AS total
  FROM subject_values
  WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY bucket, version, grp
