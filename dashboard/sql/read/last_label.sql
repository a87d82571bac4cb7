-- The last day on which a label is known to have come; what claims to have come after `limit` is a mistake.
SELECT max(day + delay)::DATE FROM delays WHERE attribute = '' AND delay <= greatest($last, $limit::DATE) - day
