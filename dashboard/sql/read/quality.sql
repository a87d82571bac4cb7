SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, feature, sum(n)::BIGINT, sum(missing)::BIGINT, sum(out_of_range)::BIGINT
FROM quality
WHERE ($feature IS NULL OR feature = $feature) AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
GROUP BY ALL ORDER BY ALL
