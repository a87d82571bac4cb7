SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp, label, decision, sum(n)::BIGINT
FROM outcomes
WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
GROUP BY ALL ORDER BY ALL
