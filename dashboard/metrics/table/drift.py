"""How far a distribution has moved."""

from __future__ import annotations

from dashboard.metrics.table.entry import CLASSES, EVERY, entry

DRIFT = (
    entry(
        "psi", "Population stability index", "How much has the distribution moved since the reference?",
        "sum of (now - then) ln(now / then) over 10 bins or the categories, shares (count + 0.5) / (n + 0.5 B)",
        "lower",
        "reference", kind="drift", unit="psi", tasks=EVERY, source="Yurdakul (2018); noncentral chi-squared",
    ),
    entry(
        "js_distance", "Jensen-Shannon distance", "How far apart are the distributions, from 0 (same) to 1 (disjoint)?",
        "square root of the Jensen-Shannon divergence in bits", "lower", "reference", kind="drift", unit="distance",
        tasks=EVERY, source="Lin (1991); Endres and Schindelin (2003); noncentral chi-squared",
    ),
    entry(
        "chi_squared", "Chi-squared statistic", "How unlikely would this move be by chance, were all rows independent?",
        "sum of (count - expected)^2 / expected over the bins of the index, in both windows; p in the note", "lower",
        "reference", kind="drift", unit="statistic", tasks=EVERY, source="Pearson (1900); noncentral chi-squared",
    ),
    entry(
        "ks", "Kolmogorov-Smirnov distance", "What is the largest gap between the two cumulative distributions?",
        "largest |F(now) - F(then)| over the bin edges", "lower", "reference", kind="drift", unit="share", tasks=EVERY,
        source="Smirnov (1939)",
    ),
    entry(
        "wasserstein", "Wasserstein distance", "How far have values moved on average, in their own unit?",
        "area between the two cumulative distributions", "lower", "reference", kind="drift", unit="feature",
        tasks=EVERY,
        source="Vaserstein (1969)",
    ),
    entry(
        "wasserstein_standardised", "Wasserstein distance in standard deviations",
        "How far have values moved on average, in standard deviations of the reference?",
        "wasserstein / standard deviation of the reference", "lower", "reference", kind="drift", unit="deviations",
        tasks=EVERY, source="Vaserstein (1969)", family="wasserstein",
    ),
    entry(
        "mix_psi", "Population stability index of the mix",
        "How much has the mix of groups among all cases moved since the reference?",
        "sum of (now - then) ln(now / then) over the groups, unknown one of them, shares (count + 0.5) / (n + 0.5 B)",
        "lower", "reference attribute", kind="drift", unit="psi", tasks=EVERY,
        source="Yurdakul (2018); noncentral chi-squared",
    ),
    entry(
        "domain_auc", "Inputs together: area under the ROC curve",
        "How well can cases be told from the reference's by all inputs together (0.5: not at all, 1: always)?",
        "area under the ROC curve of gradient boosted trees, cross-validated by runs of whole days and by subject, on "
        "a sample of both windows", "lower", "reference inputs", kind="drift", unit="ratio", tasks=EVERY,
        source="DeLong and others (1988); Obuchowski (1997)",
    ),
    entry(
        "attribution_ndcg", "Order of inputs by attribution (NDCG)",
        "Do the inputs that counted most in the reference still count most (1: in the same order)?",
        "discounted cumulative gain of the inputs in today's order of mean |attribution|, gains the reference's means, "
        "over the same in the reference's order", "higher", "reference inputs", kind="drift", unit="score", tasks=EVERY,
        source="Jarvelin and Kekalainen (2002); McSherry and Najork (2008) for ties; bootstrap of whole days",
    ),
    entry(
        "concept_shift", "Shift of labels against scores",
        "By how much are labels more frequent than the same scores went with in the reference?",
        "sum over score bins of (share of cases now) x (label rate now - label rate then); of several classes, of "
        "being right", "near zero", "labels reference scores", kind="drift", unit="points", tasks=CLASSES,
        source="Newcombe (1998); Zou (2007)",
    ),
    entry(
        "accuracy_drift_effect", "Effect of an input's drift on accuracy",
        "By how much would accuracy have changed if only this input had moved as it did?",
        "mean of the reference's accuracy in each part of the input, weighed by current shares, less the reference's "
        "accuracy", "higher", "feature reference inputs", kind="drift", unit="points", tasks=CLASSES,
        source="Shimodaira (2000), weights by bin; delta method, by whole days",
    ),
    entry(
        "error_drift_effect", "Effect of an input's drift on the mean error",
        "By how much would the mean error have changed if only this input had moved as it did?",
        "mean of the reference's |value - label| in each part of the input, weighed by current shares, less the "
        "reference's", "lower", "feature reference inputs", kind="drift", unit="label", tasks=("regression",),
        source="Shimodaira (2000), weights by bin; delta method, by whole days",
    ),
)  # fmt: skip
