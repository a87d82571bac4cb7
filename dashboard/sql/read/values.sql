SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp,
  sum(n)::BIGINT, sum(total), sum(squares)
FROM value_sums
WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
GROUP BY ALL HAVING sum(n) > 0 ORDER BY ALL
