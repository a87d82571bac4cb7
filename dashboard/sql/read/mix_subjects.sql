SELECT bucket, version, grp, list(hash_bucket), list(n)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp, subjects.bucket AS hash_bucket, sum(n)::BIGINT AS n
  FROM subjects
  WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY bucket, version, grp
