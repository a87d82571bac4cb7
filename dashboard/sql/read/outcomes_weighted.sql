-- As outcomes, of a log with weights; the last columns are losses by the mean weight of the cell's day, label and decision.
SELECT bucket_of(day, $by, $since) AS bucket, named_version(version, $version) AS version, grp, label, decision,
  sum(n)::BIGINT, sum(scored)::BIGINT, sum(brier_sum), sum(brier_sq), sum(log_loss_sum), sum(log_loss_sq), sum(clipped)::BIGINT,
  sum(weight_sum), sum(weight_sq), sum(scored * weight_sum / n / 1e6), sum(scored * weight_sq / n / 1e6),
  sum(brier_sum * (weight_sum / n / 1e6)), sum(brier_sq * (weight_sum / n / 1e6)),
  sum(log_loss_sum * (weight_sum / n / 1e6)), sum(log_loss_sq * (weight_sum / n / 1e6))
FROM outcomes
WHERE attribute = $attribute AND day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
GROUP BY ALL ORDER BY ALL
