SELECT max(hour) FROM volume WHERE is_chosen(version, NULL, $shadow)
