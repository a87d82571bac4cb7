SELECT bucket, version, grp, label, decision, list(hash_bucket), list(n), list(brier_sum), list(log_loss_sum), list(rank_sum)
FROM (
  SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp, label, decision, subjects.bucket AS hash_bucket,
    sum(n)::BIGINT AS n, sum(brier_sum)::DOUBLE AS brier_sum, sum(log_loss_sum)::DOUBLE AS log_loss_sum, sum(rank_sum)::DOUBLE AS rank_sum
  FROM subjects
  WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
  GROUP BY ALL)
GROUP BY bucket, version, grp, label, decision
