SELECT date_diff('day', DATE '1970-01-01', day)::BIGINT, date_diff('hour', TIMESTAMP '1970-01-01', hour)::BIGINT,
  sum(n)::BIGINT, sum(failed)::BIGINT
FROM volume
WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow)
GROUP BY day, hour ORDER BY day, hour
