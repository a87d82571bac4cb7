-- Days on which some score is not the left edge of its bin; both sides in fixed point, as the scores were summed.
WITH edges AS (SELECT sum(n * round(list_extract($edges, bin + 1) * $scale)::HUGEINT) AS total, day
    FROM rollup.bins WHERE attribute = '' GROUP BY day),
scores AS (SELECT sum(score_sum) AS total, day FROM rollup.outcomes WHERE attribute = '' GROUP BY day)
SELECT count(*) FROM edges JOIN scores USING (day) WHERE edges.total <> scores.total
