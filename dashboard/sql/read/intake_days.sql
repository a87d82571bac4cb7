SELECT bucket, version, list(delivered ORDER BY day), list(accepted ORDER BY day), list(duplicates ORDER BY day),
  list(rejected ORDER BY day), list(late ORDER BY day)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, day,
    coalesce(sum(n) FILTER (what = 'delivered'), 0)::BIGINT AS delivered,
    coalesce(sum(n) FILTER (what = 'accepted'), 0)::BIGINT AS accepted,
    coalesce(sum(n) FILTER (what = 'duplicates'), 0)::BIGINT AS duplicates,
    coalesce(sum(n) FILTER (what = 'rejected'), 0)::BIGINT AS rejected,
    coalesce(sum(n) FILTER (what = 'delayed' AND delay >= $late_days), 0)::BIGINT AS late
  FROM intake
  WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY ALL ORDER BY bucket, version
