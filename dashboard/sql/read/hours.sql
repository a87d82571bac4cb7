SELECT date_diff('hour', TIMESTAMP '1970-01-01', hour)::BIGINT AS hour_number, sum(n)::DOUBLE, sum(failed)::DOUBLE,
  sum(scored)::DOUBLE, sum(score_sum)::DOUBLE, sum(missing)::DOUBLE
FROM volume
WHERE is_chosen(version, NULL, $shadow)
GROUP BY 1 ORDER BY 1
