SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp,
  sum(n)::BIGINT, sum(known)::BIGINT,
  sum(absolute_0), sum(absolute_1), sum(absolute_2), sum(absolute_3), sum(absolute_4), sum(absolute_5),
  sum(square_0), sum(square_1), sum(square_2), sum(square_3), sum(square_4), sum(square_5)
FROM expected_errors
WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  AND NOT (day >= $skip_since AND day < $skip_until)
GROUP BY ALL ORDER BY ALL
