SELECT bucket, version, grp, list(hash_bucket), list(labelled), list(error), list(absolute), list(square), list(label),
  list(label_sq), list(relative), list(relative_sum), list(beyond)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp,
    subject_errors.bucket AS hash_bucket, sum(labelled)::DOUBLE AS labelled, sum(error_sum)::DOUBLE AS error,
    sum(absolute_sum)::DOUBLE AS absolute, sum(square_sum)::DOUBLE AS square, sum(label_sum)::DOUBLE AS label,
    sum(label_sq)::DOUBLE AS label_sq, sum(relative)::DOUBLE AS relative, sum(relative_sum)::DOUBLE AS relative_sum,
    sum(beyond)::DOUBLE AS beyond
  FROM subject_errors
  WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY bucket, version, grp
