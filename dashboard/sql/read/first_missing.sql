-- The first day with a case that has no label; a regression's labels are counted in `errors` alone.
SELECT min(day) FROM (
  SELECT day FROM errors WHERE attribute = '' AND labelled < n
  UNION ALL
  SELECT day FROM outcomes WHERE attribute = '' AND label IS NULL AND NOT EXISTS (SELECT 1 FROM errors)
)
