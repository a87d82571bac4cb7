-- Cases and labelled cases by group: a model that decides is counted in outcomes, one that predicts a number in errors.
SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp, sum(n)::BIGINT, sum(labelled)::BIGINT
FROM (
  SELECT day, version, attribute, grp, n, CASE WHEN label IS NULL THEN 0 ELSE n END AS labelled FROM outcomes
  UNION ALL SELECT day, version, attribute, grp, n, labelled FROM errors)
WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
GROUP BY ALL ORDER BY ALL
