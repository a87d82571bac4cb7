-- The rollup: long tables of integer sums, and three of lists, the bins that occur and their sums:
-- an hour's latencies, a day's values of a feature (bin -1: missing), of a number made of the model's answers. attribute '' is everybody; NULL label or decision: there is none.
-- Of a regression outcomes, subjects and pairs are by its cut-off: label and decision are whether each number reaches it.
-- Losses, scores, entropies (bits) and ranks are sums of round(x * 1e9), weights and values of round(x * 1e6); a
-- feature's total is in steps of its grid (bins.json). class: whose probability is binned, NULL of a binary model.
-- Pairs: cases that two versions scored on one day, first < second; their bins are coarse (Bins.coarse).
-- Volume's missing are the values missing over all features together. Errors and labels of a regression, and its scores in
-- volume, are in steps, millionths of the units in Bins.scale, relative errors in millionths:
-- square_sum, label_sq and relative_sq are in steps squared, other powers in millionths. Error bins are those of
-- metrics.errors, negative where the value is too low. clipped: of the error, the label and the error over the label what
-- is counted as a million units.
CREATE TABLE meta (key VARCHAR PRIMARY KEY, value VARCHAR NOT NULL);
CREATE TABLE batches (batch VARCHAR PRIMARY KEY);
CREATE TABLE outcomes (
    day DATE, version VARCHAR, attribute VARCHAR, grp VARCHAR, label VARCHAR, decision VARCHAR,
    n BIGINT, scored BIGINT, score_sum HUGEINT, brier_sum HUGEINT, brier_sq HUGEINT,
    log_loss_sum HUGEINT, log_loss_sq HUGEINT, clipped BIGINT, entropy_sum HUGEINT, entropy_sq HUGEINT,
    weight_sum HUGEINT, weight_sq HUGEINT
);
CREATE TABLE errors (
    day DATE, version VARCHAR, attribute VARCHAR, grp VARCHAR, n BIGINT, labelled BIGINT,
    error_sum HUGEINT, absolute_sum HUGEINT, square_sum HUGEINT, fourth_sum HUGEINT,
    label_sum HUGEINT, label_sq HUGEINT, label_cube HUGEINT, label_fourth HUGEINT,
    square_label HUGEINT, square_label_sq HUGEINT, relative BIGINT, relative_sum HUGEINT, relative_sq HUGEINT,
    beyond BIGINT, clipped BIGINT, label_clipped BIGINT, relative_clipped BIGINT
);
CREATE TABLE error_bins (day DATE, version VARCHAR, attribute VARCHAR, grp VARCHAR, bin SMALLINT, n BIGINT);
CREATE TABLE subject_errors (
    day DATE, version VARCHAR, attribute VARCHAR, grp VARCHAR, bucket UTINYINT, labelled BIGINT,
    error_sum HUGEINT, absolute_sum HUGEINT, square_sum HUGEINT, label_sum HUGEINT, label_sq HUGEINT,
    relative BIGINT, relative_sum HUGEINT, beyond BIGINT
);
CREATE TABLE expected_errors (  -- before labels: of the rows with a score those known to the loss model, by each of its models
    day DATE, version VARCHAR, attribute VARCHAR, grp VARCHAR, n BIGINT, known BIGINT,
    absolute_0 HUGEINT, absolute_1 HUGEINT, absolute_2 HUGEINT, absolute_3 HUGEINT, absolute_4 HUGEINT, absolute_5 HUGEINT,
    square_0 HUGEINT, square_1 HUGEINT, square_2 HUGEINT, square_3 HUGEINT, square_4 HUGEINT, square_5 HUGEINT
);
CREATE TABLE bins (
    day DATE, version VARCHAR, attribute VARCHAR, grp VARCHAR, class VARCHAR, bin SMALLINT, label VARCHAR, decision VARCHAR,
    n BIGINT
);
CREATE TABLE ranks (
    day DATE, version VARCHAR, attribute VARCHAR, grp VARCHAR, label VARCHAR, rank SMALLINT, n BIGINT
);
CREATE TABLE subjects (
    day DATE, version VARCHAR, attribute VARCHAR, grp VARCHAR, bucket UTINYINT, label VARCHAR, decision VARCHAR,
    n BIGINT, brier_sum BIGINT, log_loss_sum BIGINT, rank_sum BIGINT  -- of a day: counting makes no sum beyond 2^62
);
CREATE TABLE delays (
    day DATE, version VARCHAR, attribute VARCHAR, grp VARCHAR, label VARCHAR, delay INTEGER, n BIGINT
);
CREATE TABLE pairs (
    day DATE, first VARCHAR, second VARCHAR, attribute VARCHAR, grp VARCHAR, label VARCHAR,
    first_decision VARCHAR, second_decision VARCHAR, n BIGINT
);
CREATE TABLE pair_bins (
    day DATE, first VARCHAR, second VARCHAR, attribute VARCHAR, grp VARCHAR, label VARCHAR,
    first_bin SMALLINT, second_bin SMALLINT, n BIGINT
);
CREATE TABLE value_sums (
    day DATE, version VARCHAR, attribute VARCHAR, grp VARCHAR, n BIGINT, total HUGEINT, squares HUGEINT
);
CREATE TABLE subject_values (
    day DATE, version VARCHAR, attribute VARCHAR, grp VARCHAR, bucket UTINYINT, n BIGINT, total HUGEINT
);
CREATE TABLE latency (
    day DATE, hour TIMESTAMP, version VARCHAR, endpoint VARCHAR, status VARCHAR, bins SMALLINT[], counts BIGINT[]
);
CREATE TABLE volume (day DATE, hour TIMESTAMP, version VARCHAR, n BIGINT, failed BIGINT, scored BIGINT, score_sum HUGEINT, missing BIGINT);
CREATE TABLE answers (  -- energy: of the measured ones, in billionths of a watt-hour; cost: of the priced ones, times 10^8
    day DATE, hour TIMESTAMP, version VARCHAR, endpoint VARCHAR, status VARCHAR, n BIGINT, measured BIGINT, energy HUGEINT,
    priced BIGINT, cost HUGEINT
);
CREATE TABLE features (day DATE, version VARCHAR, feature VARCHAR, bins SMALLINT[], counts BIGINT[], totals BIGINT[]);
CREATE TABLE own_features (day DATE, version VARCHAR, feature VARCHAR, bins SMALLINT[], counts BIGINT[], totals BIGINT[]);
CREATE TABLE categories (day DATE, version VARCHAR, feature VARCHAR, category VARCHAR, n BIGINT);
CREATE TABLE attributions (  -- in billionths, of a regression in millionths; cut off at 1e13 of them
    day DATE, version VARCHAR, feature VARCHAR, n BIGINT, absolute_sum HUGEINT, total HUGEINT
);
CREATE TABLE quality (day DATE, version VARCHAR, feature VARCHAR, n BIGINT, missing BIGINT, out_of_range BIGINT);
CREATE TABLE intake (  -- of deliveries: rows delivered, accepted, duplicates, rejected; values unread; rows delayed by whole days (31: or more)
    day DATE, version VARCHAR, what VARCHAR, feature VARCHAR, delay INTEGER, n BIGINT
);

-- What every reading statement asks: which bucket a day falls in (a day, week, month, or so many days from the start),
-- which versions are meant, under what name.
-- A version of NULL is all versions together, shadows left out (they would count a case twice); '*' is each by itself.
CREATE MACRO bucket_of(day, size, start) AS CASE
    WHEN size IS NULL THEN NULL
    WHEN size = 'day' THEN day
    WHEN size = 'week' THEN date_trunc('week', day)::DATE
    WHEN size = 'month' THEN date_trunc('month', day)::DATE
    ELSE start + (((day - start) // TRY_CAST(size AS INTEGER)) * TRY_CAST(size AS INTEGER))::INTEGER END;
CREATE MACRO is_chosen(version, wanted, shadow) AS CASE
    WHEN wanted IS NULL THEN NOT list_contains(shadow, version) ELSE wanted = '*' OR version = wanted END;
CREATE MACRO named_version(version, wanted) AS CASE WHEN wanted = '*' THEN version ELSE wanted END;
