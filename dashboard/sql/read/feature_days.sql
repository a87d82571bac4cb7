SELECT feature, list(day ORDER BY day), list(n ORDER BY day), list(missing ORDER BY day), list(out_of_range ORDER BY day)
FROM (
  SELECT feature, (day - DATE '1970-01-01')::BIGINT AS day, sum(n)::DOUBLE AS n, sum(missing)::DOUBLE AS missing,
    sum(out_of_range)::DOUBLE AS out_of_range
  FROM quality
  WHERE is_chosen(version, NULL, $shadow)
  GROUP BY ALL)
GROUP BY feature ORDER BY feature
