-- Decided cases by score bin, labelled or not, without the days that their version is calibrated on.
WITH days AS (SELECT unnest($versions) AS version, unnest($left_out) AS first, unnest($kept) AS last)
SELECT bucket, version, grp, class, decision, list(bin), list(n), sum(labelled)::BIGINT
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, version, grp, class, decision, bin::INTEGER AS bin, sum(n)::BIGINT AS n,
    coalesce(sum(n) FILTER (label IS NOT NULL), 0)::BIGINT AS labelled
  FROM bins JOIN days USING (version)
  WHERE attribute = $attribute AND decision IS NOT NULL AND day >= $since AND day < $until AND NOT (day >= first AND day < last)
  GROUP BY ALL)
GROUP BY ALL ORDER BY bucket, version, grp, class, decision
