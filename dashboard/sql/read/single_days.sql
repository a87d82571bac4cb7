-- Days of each feature after the reference: how many rows have a value, the bin or category if all are in one, and of
-- the reference how many rows have one, how many are in that one, and how many there are of these.
WITH counted AS (
  SELECT feature, day, version, unnest(bins)::VARCHAR AS place, unnest(counts) AS n, 'numeric' AS kind FROM features
  UNION ALL
  SELECT feature, day, version, category, n, 'categorical' FROM categories),
known AS (
  SELECT feature, kind, day, place, sum(n)::BIGINT AS n FROM counted
  WHERE place IS NOT NULL AND NOT (kind = 'numeric' AND place = '-1') AND n > 0 AND is_chosen(version, NULL, $shadow)
  GROUP BY feature, kind, day, place),
before AS (
  SELECT feature, place, sum(n)::BIGINT AS n FROM known WHERE day >= $since AND day < $until GROUP BY feature, place),
totals AS (SELECT feature, sum(n)::BIGINT AS n, count(*) AS places FROM before GROUP BY feature),
days AS (
  SELECT feature, kind, day, sum(n)::BIGINT AS n, CASE WHEN count(*) = 1 THEN min(place) END AS place
  FROM known WHERE day >= $until GROUP BY feature, kind, day)
SELECT days.feature, days.kind, days.day, days.n, days.place, coalesce(before.n, 0), totals.n
FROM days JOIN totals ON totals.feature = days.feature AND totals.places > 1
LEFT JOIN before ON before.feature = days.feature AND before.place = days.place
ORDER BY days.feature, days.day
