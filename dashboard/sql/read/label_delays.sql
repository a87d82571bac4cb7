-- Labels by the days they took, and by the most days that could have been seen of their prediction's: two marginals.
WITH seen AS (
  SELECT attribute, grp, CASE WHEN $by_label THEN label END AS label, delay, ($edge - day)::INTEGER AS observable, n
  FROM delays
  WHERE ($attribute IS NULL OR attribute = $attribute) AND delay <= $edge - day
)
SELECT attribute, grp, label, grouping(delay) = 0 AS by_delay, coalesce(delay, observable) AS days, sum(n)::BIGINT
FROM seen
GROUP BY GROUPING SETS ((attribute, grp, label, delay), (attribute, grp, label, observable))
ORDER BY ALL
