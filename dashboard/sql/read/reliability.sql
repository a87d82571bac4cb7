-- Cases by score bin: positive, negative, without a label. A binary model's score; of a multiclass model the probability
-- of every class ($each: label = class is positive), or of the class that was decided.
SELECT bucket, version, grp, class, list(bin ORDER BY bin), list(positives ORDER BY bin), list(negatives ORDER BY bin),
  list(unlabelled ORDER BY bin)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp,
    CASE WHEN $each THEN class END AS class, bin,
    coalesce(sum(n) FILTER (WHERE label = coalesce(bins.class, '1')), 0)::BIGINT AS positives,
    coalesce(sum(n) FILTER (WHERE label <> coalesce(bins.class, '1')), 0)::BIGINT AS negatives,
    coalesce(sum(n) FILTER (WHERE label IS NULL), 0)::BIGINT AS unlabelled
  FROM bins
  WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
    AND ($each OR bins.class IS NULL OR bins.class = decision)
  GROUP BY ALL)
GROUP BY ALL ORDER BY bucket, version, grp, class
