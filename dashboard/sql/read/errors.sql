SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp,
  sum(n)::BIGINT, sum(labelled)::BIGINT, sum(error_sum), sum(absolute_sum), sum(square_sum), sum(fourth_sum), sum(label_sum), sum(label_sq)
FROM errors
WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
GROUP BY ALL ORDER BY ALL
