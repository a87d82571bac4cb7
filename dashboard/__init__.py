"""Evenhand: model health and fairness review, with a human signature at the end.

The map, in flow order: a line for every file. `tests/test_layers.py` keeps it complete and says who may import whom.

    errors                what went wrong, in sentences: found, expected, what to do
    settings              the workspace's paths, evenhand.toml, the environment -> Settings
    contract              contract.toml -> Contract: what the columns mean
    contract/text         the contract from TOML, every mistake named
    contract/writing      the contract as TOML, written
    contract/history      which contracts were counted by, since when
    rules                 rules as data: citation, source, what was read as of when, what supports them
    rates_limits          the limits of one rate: Wilson's, Jeffreys', the wider of the two
    rates                 pairs of counts: value, interval, difference, ratio
    metrics/table/entry   what the table says of one metric
    metrics/table/rates   the table of metrics, kind by kind: hits of trials
    metrics/table/performance  F1, both classes alike, ranking, losses of probabilities
    metrics/table/calibration  whether scores can be taken at their word
    metrics/table/multiclass   averages over classes, the first k places
    metrics/table/regression   errors of a predicted number
    metrics/table/data    cases and their labels
    metrics/table/fairness     contrasts of groups
    metrics/table/groups       more of them: against everybody, of any two, of errors
    metrics/table/aequitas     the same in Aequitas' words
    metrics/table/drift   distances of distributions
    metrics/table/service latency, failures, throughput
    metrics/table/value   what the model's work is worth
    metrics/table/versions a version against another
    metrics/table/reviewed     what experts' review says of the model
    metrics/table/estimated    what is estimated before labels arrive, derived from the others
    metrics/performance   how good, from counts of label and decision
    metrics/balance       balanced accuracy, Matthews' correlation
    metrics/multiclass    each class against the rest, averages over classes, the first k places
    metrics/losses        means of losses, from sums and sums of squares
    metrics/value         what the model's work is worth: by matrix, or as logged
    metrics/thresholds    what another threshold would do, and the best that can be had
    metrics/lots          equal rates by drawing lots, as fairlearn's ThresholdOptimizer would
    metrics/ranking       ROC, precision and recall curves and their areas, from counts by score bin
    metrics/estimation    what scores mean, from a labelled reference; counts expected before labels arrive
    metrics/estimation_classes  the same of a model of several classes
    metrics/forecasts     metrics of expected counts, each with the interval of the value to come
    metrics/forecast_contrasts  how groups will differ
    metrics/resampling    a seed from the data: the same data, the same number
    metrics/errors        errors of a predicted number: R2, tolerance, median, heavy tails
    metrics/quantiles     which ranks bound a quantile
    metrics/reliability   the reliability curve, from counts by score bin
    metrics/calibration   whether scores can be taken at their word, in one number
    metrics/direct        how far off it will turn out to be (DLE)
    metrics/clusters      what a clustered sample is worth
    metrics/fairness      how groups differ, from one rate each
    metrics/homogeneity   whether several groups have one rate
    metrics/overall       a group against everybody
    metrics/aequitas      groups in Aequitas' words
    metrics/four_fifths   the four-fifths rule's ratios, and what chance alone would do
    metrics/local_law_144 impact ratios of New York City's Local Law 144
    metrics/differences   the difference of two estimates, and how far two areas go together
    metrics/pairs         two versions on the same cases: Newcombe's paired interval, McNemar
    metrics/decomposition why a rate changed, why groups differ: mix against rate
    metrics/histograms    two windows on common bins
    metrics/drift         how far a feature has moved
    metrics/noncentral    what a chi-squared statistic says of the noncentrality behind it
    metrics/domain        whether rows of two windows can be told apart
    metrics/attributions  how much inputs count as logged, and how far their order moved
    metrics/surrogate     how much inputs count to a model of the model
    metrics/drift_effect  what one input's drift does to a metric
    metrics/concept       whether the same score still means the same
    metrics/areas         the area between two cumulative distributions
    metrics/quality       how many values of a feature are missing or cannot be
    metrics/units         pairs of units, and which one a factor points to
    metrics/unit_change   whether values are what they were times a constant, and since when
    metrics/days          whether windows differ more than windows do
    metrics/delays        how long labels take, learnt while some are still missing
    metrics/crossings     which groups look worst: every crossing of conditions, counted
    metrics/worst_groups  which of them are worse, on cases that had no part in finding them
    metrics/worst_case    what the labels that are missing could make of a metric
    metrics/usual         what is usual at an hour of the week, from earlier weeks, and how far chance goes
    metrics/anomalies     stretches far from what is usual, silence
    metrics/changes       level shifts that stayed, dated
    metrics/service       latency quantiles, error rate, throughput
    metrics/load          latency against load, by classes of hours
    metrics/energy        energy, CO2e and cost of 1,000 answers; cost as logged or as stated
    metrics/promises      promises on the service: kept, budget, burn rates
    metrics/reviewed      how often the model errs, by experts' review: a random audit, flags beside it
    metrics/agreement     how far experts agree; whether the model's answer changes theirs
    metrics/audit_sample  which cases experts are asked about, with known probabilities
    metrics/page          the page of all metrics, from their table
    policy/windows        which days are compared with which: reference, scheduled windows, the current one
    policy/rules          Policy and Rule: what is allowed
    policy/text           policy.toml, read, every mistake named
    policy/proposal       a first policy.toml for a contract
    policy/history        which policies were judged by, since when
    policy/promises       promises on the service, read and in sentences
    policy/verdicts       one level for all judged together; four states
    policy/numbers        numbers as they stand in sentences
    policy/breaches       what as many cases would show 4 times in 5
    policy/sentences      one plain sentence per finding
    policy/findings       check(policy, measures) -> findings, worst first
    policy/first          what left its range first, of all scheduled windows
    review/proof          canonical bytes, digests, signatures
    review/roles          who may do what; the person who acts, what a workspace demands
    review/events         what every act has in common: the ledger's envelope, checks of what was typed
    review/events_cases   what people do to a case: flag, claim, answer, conclude, decide; what was drawn
    review/events_releases  what people do to a version: sign off, propose, meet a condition, suspend, revoke
    review/events_exports what leaves as a file
    review/events_kinds   an envelope, opened
    review/states         what is the case now, as a fold over events; what is refused
    review/states_cases   the life of a case in the queue
    review/states_releases  the life of a release
    review/ledger         the append-only record: one act, one transaction
    review/ledger_rows    one event as a row: written, read back, checked
    review/ledger_tables  the tables, and the triggers that refuse changes
    review/ledger_engines what differs between SQLite and PostgreSQL
    review/evidence       what was signed, kept as files named by their content
    review/merkle         a tree over the events: its root, proofs of it
    review/checkpoints    how many events, which root: signed and opened
    review/receipts       what leaves the record: a receipt, a proof, lines
    review/witness        signs checkpoints on another host, as long as each continues the last
    review/auditing       is the record what it was, against a checkpoint held elsewhere
    review/verifier       the same for an auditor: one file, the standard library alone
    review/signoff        the digest of readings; is a sign-off current or stale, and why
    sql/coding            the statement that codes a chunk: every name a small integer
    sql/levels            the statements that cut a row into conditions
    sql/cases             the parts of statements that read single cases
    store                 DuckDB: connections that stay off the network, a published rollup
    log                   the log's table of contents: batch records, and the files they name
    ingest/sources        a delivered file as a relation: Parquet, CSV, JSON lines
    ingest/frames         a pandas, polars or Arrow table, written as a file
    ingest/casting        a delivered column -> what the log keeps, or null: SQL expressions
    ingest/checking       what a row becomes, and why it may be rejected
    ingest/batches        one delivery on its way in, and its receipt
    ingest/salvage        broken lines of CSV
    ingest/staging        the one pass over a delivered file
    ingest/duplicates     which predictions are known already
    ingest/rejects        rejected rows, as they came
    ingest/tallies        what a delivery was worth, by the days of its rows
    ingest/waiting        labels that came before their prediction
    ingest/publishing     many files made visible by one record; what a killed intake left is cleared
    ingest/prediction_files  a prediction file becomes a batch
    ingest/label_files    a label file becomes a batch
    ingest/profiles       what a file's columns look like
    ingest/roles          which column plays which role, by name and content
    ingest/guessing       a first contract, guessed from a file
    bins                  where scores, latencies and features are cut, frozen
    bins_losses           what a model of the loss says of each input, as tables
    rollup/freezing       the edges, taken once from the reference window
    rollup/tallying       coded arrays in, tables of integer sums out
    rollup/chunk          one coded chunk: its keys as codes, and what the codes stand for
    rollup/inputs         the tables that need no labels: latency, volume, answers, features
    rollup/own            numbers made of the answers: how sure several classes are, what a regression predicts
    rollup/outcomes       the tables that need labels: outcomes, score bins, subjects, delays
    rollup/pairs          cases that two versions scored
    rollup/sums           sums that outgrow 64 bits
    rollup/errors         the tables of a regression
    rollup/rows           the log's rows with their latest labels, as one relation
    rollup/intake         what deliveries were worth, from their records
    rollup/counting       the touched days in chunks, from log files to tables
    rollup/loss_model     how far off a regression will be: fitted once, on the labelled reference
    rollup/expected       each row looked up in the loss model
    rollup/publishing     built aside, published whole under a new number
    rollup/then           the rollup as it was known on a past day
    report/scope          what is asked; the reading it ends in
    report/cells          the rollup's sums as the values that metrics take
    report/bounds         what missing labels could make of a reading, in words
    report/losses         Brier score and log loss
    report/classes        the counts behind pictures of classes: what is taken for what, every threshold
    report/multiclass     several classes: over all, and each against the rest
    report/performance    how good, for everybody and by group
    report/reviewed       what experts' review says of the model
    report/value          what the cases are worth
    report/versions       a version against another: pairs, or two samples
    report/standings      which version is better, at one level
    report/change         why a rate changed between two windows, in numbers and a sentence
    report/gap_mix        why two groups differ, and why that changed, by another attribute
    report/gap_words      the same in a sentence
    report/calibration    whether scores can be taken at their word
    report/what_if        what another threshold would do to each group
    report/curves         the curves behind pictures of calibration; how sure scores are
    report/score_shapes   how scores lie by group and label
    report/expected_errors  how far off it will turn out to be, before labels arrive
    report/errors         how far off a predicted number is
    report/contrasts      groups compared: to a reference, to everybody, the furthest apart
    report/areas          how well scores rank the cases of each group
    report/fairness       what is compared: one decision, each class, a predicted number
    report/own            what the model answers, as shapes: scores, how sure it is, decisions, labels
    report/drift          every feature against the reference window
    report/moved          what moved in each feature, in numbers that people know
    report/moved_groups   which groups' values of a feature moved, from the log
    report/quality        what is wrong with the values of each feature
    report/unit_changes   features whose unit seems to have changed, everywhere or in one group
    report/unit_effects   what a changed unit did to what the model says
    report/levels         levels of inputs, and of how good the model is, that stayed
    report/unit_events    the same as events
    report/kept           what was found in the log, kept in files beside the rollup
    report/stuck          features that varied once and have one value
    report/domain         all inputs together, from a sample of the log
    report/attributions   attributions as logged, by day, and their order then and now
    report/importance     how much each input counts: attributions as logged, else a surrogate
    report/effects        what each input's drift does to the model
    report/similar        similar past cases, and how they ended
    report/concept        labels against scores, then and now
    report/concept_curves the curves behind pictures of it
    report/mix            whom the model serves, and whether that has changed
    report/service        latency, failures, throughput
    report/failures       which statuses make the failures, where and since when
    report/energy         energy, CO2e and cost of 1,000 answers
    report/load           latency against load: hours and their classes
    report/promises       promises kept, budgets by day, burn rates
    report/expected       what scores mean in each group, and the cases whose labels are to come
    report/estimated      readings before labels arrive
    report/track_record   past estimates beside what came
    report/extent         the days, rows and versions that there are
    report/labels         how long labels take, until when they are complete, whose come later
    report/events         what happened when: an event, versions, changed columns, policies
    report/feed           whether predictions still come
    report/watched        the series that are watched, by hour and day
    report/anomalies      what was out of the ordinary in the pipeline
    report/anomaly_words  the same in words
    report/judged         a policy's rules expanded to the measures they judge
    report/impact         selections and scores above the exact median, by pairs of groups, from the log
    report/worst_rows     the log's rows, cut into conditions, in two halves by time
    report/worst_groups   whom the model serves worst: discovered, confirmed
    report/worst_words    the same in sentences
    report/asked          a question in words -> Scope
    report/pictures       the counts behind pictures: latencies, distributions, gaps, delays
    cases                 rows of the log, filtered; one case whole
    cases_frame           who could be drawn for review
    cases_rejected        rows that were turned away, filtered; all of them written out
    workspace             the facade: Workspace and Model
    workspace_events      what happened to a model, from everywhere that knows
    workspace_why         its answers to why: a change, a gap, a gap's change
    charts/words          numbers, days, groups and metrics as people read them
    charts/palette        the language of the marks: shape, word, colour
    charts/figure         the sheet every picture is drawn on
    charts/groups         a dot and its interval for each group or feature
    charts/trend          a metric over time
    charts/disparity      a disparity over time, a panel for each group
    charts/versions       a version against another, around no difference
    charts/waterfall      a change, step by step
    charts/budget         what is left of a promise's budget
    charts/calibration    the reliability curve; how sure it is
    charts/concept        what the same scores went with, then and now
    charts/confusion      what is taken for what, as a square
    charts/scores         scores of positive and negative cases, mirrored, in small
    charts/mix            a group's share over time, in small
    charts/curves         what every threshold would do: ROC, precision and recall
    charts/frontier       what thresholds can reach: how good, how large a gap
    charts/outcomes       1,000 cases as 1,000 marks
    charts/labels         when labels come, what is missing by day
    charts/law            ratios to the highest rate, and a rule's line
    charts/load           latency against load
    charts/failures       what failed by day and status
    charts/latency        every answer in a heat map
    charts/errors         by how much a predicted number is off
    charts/features       reference against now; what is missing
    charts/deliveries     which columns each delivery had
    charts/estimates      estimated beside realised
    charts/events         what happened when
    charts/worst          the groups served worst, each beside everybody
    charts/effects        what each input's drift does, around no effect
    charts/spark          how one number has gone, as wide as a word
    charts/strip          where one value lies among all, as wide as a word
    demo                  the sample workspace
    feedback              what people settled, to train or to evaluate
    pack/plain            typed text made harmless for CSV, XML, PDF
    pack/pictures         dots and intervals as SVG
    pack/told             what the report says, section by section
    pack/page             the report as HTML
    pack/paper            the report as PDF
    doctor                what is installed, what is missing
    ui/review_board       which cases wait for whom, and the acts that move a case on
    ui/review_card        one card: the own answer first, then the model's
    ui/record             the record: whether it is whole, acts filtered, one opened, its receipt
    ui/audit              the Audit page's parts
    ui/effects            what it does: each input's drift, its weight, its effect
    ui/releases           releases: evidence kept and signed, what stands, who must still sign
    ui/sign_form          the form of a signature
    ui/drafts             what was typed and not signed, kept over signing in again
    ui/similar            the same in a sentence
    ui/review_draw        draws cases for review, each with its chance
    ui/review_results     what came of it, beside labels; how far people agree
    ui/login_settings     how people sign in: evenhand.toml's [login]
    ui/login              who is here, for how long; the way in and out
    ui/returning          signing in leads back to the page one came from
    ui/server             serves the dashboard: loopback, headers, health
    ui/app                the entry that Streamlit runs
    ui/menu               the pages, in their groups
    ui/state              the scope, and its place in the URL
    ui/load               what pages read, and the only caches
    ui/load/labels        how long labels take, whose come later, what was known then
    ui/load/classes       what is taken for what, the curves of every threshold
    ui/load/versions      two versions, compared and judged
    ui/load/change        two windows, and why a rate changed
    ui/load/over_time     a disparity by window, and what was judged of each
    ui/load/gap_mix       a gap, and its change, taken apart
    ui/load/what_if       counts behind thresholds, the best they can do
    ui/load/calibration   what the calibration page reads
    ui/load/moved         what moved, its trail, what was judged of each window
    ui/load/groups        where attributes cross, scores by label, the mix over time
    ui/load/quality       units that changed, rows turned away
    ui/load/reports       the four-fifths screen, Local Law 144's counts
    ui/load/worst_groups  searches for worst groups, running beside the pages
    ui/load/estimates     estimates and their track record
    ui/estimates          before labels arrive, on Performance and Fairness
    ui/frame              the scope's row on top of every page
    ui/marks              marks and tables as HTML
    ui/parts              sentence, picture, table, download, empty state
    ui/classes            classes: the square, class by class, the curves
    ui/say                readings, counts and days in words
    ui/labels             the section on labels in time
    ui/label_words        its sentences and tables
    ui/headlines          the sentence each page opens with
    ui/calibration_words  calibration in words: its headline, its table
    ui/load/service       promises with their budgets and burn rates
    ui/load/errors        the bars behind a picture of errors
    ui/regression         how far off a model's numbers are
    ui/verdicts           readings and what the policy says of them, side by side
    ui/versions           version against version
    ui/service            answers, load
    ui/failures           which statuses make the failures
    ui/energy             what 1,000 answers use and cost
    ui/promises           a promise's budget over time, and its burn rates
    ui/heat               a heat map as a table
    ui/crossing           a metric where attributes cross, in cells and words
    ui/crossed            which attributes, which metric; the map of their groups
    ui/group_scores       how scores rank, hold and lie in each group
    ui/drift              all inputs, a line each; one of them opened
    ui/drift_words        drift in words: what moved, the table of inputs
    ui/together           inputs together: what gives a window away
    ui/load/together      what it reads
    ui/attributions       why it decides: which inputs count, then and now
    ui/concept            labels and scores: whether a score still means the same
    ui/load/concept       what it reads
    ui/served             whom the model serves, week by week
    ui/fairness           one rate of all groups: side by side, in one number
    ui/gap_mix            why two groups differ, and why that changed
    ui/over_time          when a disparity began, and who left the range first
    ui/load/fairness      all metrics of all groups in one table, and their tests
    ui/fairness_words     the fairness page in words: what it opens with, whoever is missing
    ui/all_metrics        every metric of every group as a matrix of marks
    ui/worst_groups       whom it serves worst: the search offered, awaited, told
    ui/reports            reports in the shape that a rule asks for
    ui/change             why a rate changed
    ui/what_if            thresholds chosen, in words and tables
    ui/worths             what a case is worth under them, and the change
    ui/frontier           the best that thresholds can reach, with and without lots
    ui/proposing          a proposal kept in the record
    ui/value              what it is worth
    ui/deliveries         what was delivered, in words and tables
    ui/values             values in another unit, missing, out of range
    ui/schema             how the columns of deliveries changed
    ui/turned_away        rows turned away: why, as delivered, what to do next
    ui/case_view          one case as a clinician reads it
    ui/people             sign-offs, flags, the record
    ui/evidence           what a signature stands on, and whether it still stands
    ui/happened           what happened when, for the timeline
    ui/signing            the sign-off page's form and its words
    cli                   evenhand: parse, call, print, exit code
    cli_export            evenhand export
    cli_why               evenhand why
    cli_worst             evenhand worst
    cli_importance        evenhand importance
    cli_audit             evenhand audit: is the record intact, what leaves it
    cli_options           what commands share: options, the model they are about, progress
    cli_tables            what it prints: a table, JSON, CSV
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dashboard.workspace import Workspace as Workspace

__all__ = ["Workspace"]
__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    """Returns `Workspace` when it is first asked for, so that importing the package costs nothing."""
    if name == "Workspace":
        from dashboard.workspace import Workspace

        return Workspace
    raise AttributeError(f"module 'dashboard' has no attribute {name!r}")
