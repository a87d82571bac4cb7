SELECT feature, category, min(day) AS since, sum(n)::BIGINT AS n
FROM categories
WHERE category IS NOT NULL AND NOT list_contains($shadow, version)
GROUP BY ALL HAVING min(day) >= $after ORDER BY since, feature, category
