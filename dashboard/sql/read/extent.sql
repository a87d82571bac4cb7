SELECT min(day), max(day), sum(n)::BIGINT, list(DISTINCT version ORDER BY version) FROM volume
