SELECT version, min(day) FROM volume GROUP BY version ORDER BY ALL
