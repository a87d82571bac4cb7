SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp,
  sum(n)::BIGINT AS n, sum(labelled)::BIGINT AS labelled, sum(error_sum) AS error, sum(absolute_sum) AS absolute,
  sum(square_sum) AS square, sum(fourth_sum) AS fourth, sum(label_sum) AS label, sum(label_sq) AS label_sq,
  sum(label_cube) AS label_cube, sum(label_fourth) AS label_fourth, sum(square_label) AS square_label,
  sum(square_label_sq) AS square_label_sq, sum(relative)::BIGINT AS relative, sum(relative_sum) AS relative_sum,
  sum(relative_sq) AS relative_sq, sum(beyond)::BIGINT AS beyond, sum(clipped)::BIGINT AS clipped,
  sum(label_clipped)::BIGINT AS label_clipped, sum(relative_clipped)::BIGINT AS relative_clipped
FROM errors
WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
GROUP BY ALL ORDER BY ALL
