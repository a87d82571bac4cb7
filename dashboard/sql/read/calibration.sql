SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp,
  sum(scored)::BIGINT, sum(entropy_sum), sum(entropy_sq),
  sum(scored) FILTER (WHERE label IS NOT NULL)::BIGINT, sum(scored) FILTER (WHERE label = '1')::BIGINT,
  sum(score_sum) FILTER (WHERE label IS NOT NULL), sum(brier_sum) FILTER (WHERE label IS NOT NULL)
FROM outcomes
WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
GROUP BY ALL ORDER BY ALL
