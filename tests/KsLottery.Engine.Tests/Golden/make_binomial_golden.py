#!/usr/bin/env python3
"""Makes binomial_golden.json: exact (Clopper-Pearson) intervals of SciPy. Needs Python 3.11, SciPy 1.10 (Debian 12's).

    /usr/bin/python3 make_binomial_golden.py > binomial_golden.json

Entries: [successes, trials, confidence, low, high, low, high]: first by scipy.stats.binomtest(k, n).proportion_ci(confidence,
method="exact"), which finds its roots to 2e-12, then by quantiles of the beta distribution, scipy.stats.beta.ppf, to all digits.
"""
import json
import random
import sys

import scipy
from scipy.stats import beta, binomtest

SEED = 20240206


def main():
    rng = random.Random(SEED)
    cases = [(k, n) for n in range(1, 13) for k in range(n + 1)]
    for n in (50, 1000, 2983, 40_000, 1_000_000, 30_000_000):
        cases += [(k, n) for k in sorted({0, 1, 2, n // 3, n // 2, n - 2, n - 1, n} | {rng.randint(0, n) for _ in range(6)})]
    intervals = []
    for k, n in cases:
        for confidence in (0.95,) if n <= 12 else (0.5, 0.95, 0.999999):
            interval = binomtest(k, n).proportion_ci(confidence, method="exact")
            tail = (1 - confidence) / 2
            low = beta.ppf(tail, k, n - k + 1) if k > 0 else 0
            high = beta.isf(tail, k + 1, n - k) if k < n else 1
            intervals.append([k, n, confidence, float(interval.low), float(interval.high), float(low), float(high)])
    json.dump({"scipy": scipy.__version__, "intervals": intervals}, sys.stdout, indent=0)
    print()


if __name__ == "__main__":
    main()
