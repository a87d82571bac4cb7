WITH chosen AS (
  SELECT * FROM intake WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow)),
taken AS (SELECT day, version, sum(n) AS n FROM chosen WHERE what = 'accepted' GROUP BY ALL),
lost AS (SELECT day, version, feature, sum(n) AS unread FROM chosen WHERE what = 'unread' GROUP BY ALL)
SELECT bucket, version, feature, list(n ORDER BY day), list(unread ORDER BY day)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(taken.version, $version) AS version, asked.feature, day,
    sum(taken.n)::BIGINT AS n, coalesce(sum(lost.unread), 0)::BIGINT AS unread
  FROM taken CROSS JOIN (SELECT unnest($features::VARCHAR[]) AS feature) AS asked
  LEFT JOIN lost USING (day, version, feature)
  GROUP BY ALL)
GROUP BY ALL ORDER BY bucket, version, feature
