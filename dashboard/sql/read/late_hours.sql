SELECT day_number, hour_number, sum(occurring)::BIGINT, coalesce(sum(occurring) FILTER (bin > $bin), 0)::BIGINT
FROM (
  SELECT date_diff('day', DATE '1970-01-01', day)::BIGINT AS day_number,
    date_diff('hour', TIMESTAMP '1970-01-01', hour)::BIGINT AS hour_number,
    unnest(bins) AS bin, unnest(counts) AS occurring
  FROM latency
  WHERE day >= $since AND day < $until AND is_chosen(version, $version, $shadow))
GROUP BY day_number, hour_number ORDER BY day_number, hour_number
