SELECT bucket, grp, label, list(first_bin), list(second_bin), list(n)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, grp, label, first_bin, second_bin, sum(n)::BIGINT AS n
  FROM pair_bins
  WHERE attribute = $attribute AND day >= $since AND day < $until AND first = $first AND second = $second
  GROUP BY ALL)
GROUP BY bucket, grp, label
