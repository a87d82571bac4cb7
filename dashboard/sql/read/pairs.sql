SELECT bucket_of(day, $by, $since) AS bucket, grp, label, first_decision, second_decision, sum(n)::BIGINT
FROM pairs
WHERE attribute = $attribute AND day >= $since AND day < $until AND first = $first AND second = $second
GROUP BY ALL ORDER BY ALL
