#!/usr/bin/env python3
"""Makes ks_golden.json: reference values for the Statistics tests. Needs Python 3.11, NumPy 1.24, SciPy 1.10 (Debian 12's).

    /usr/bin/python3 make_ks_golden.py > ks_golden.json

Sections:
  two_sample     scipy.stats.ks_2samp on random small samples (stored) and on larger ones from a formula (weyl: value i of a sample of
                 n values is ((i * step + start) mod modulus) / modulus), with location, sign, and whether SciPy warned that it fell back
  paths          exact tails for two lengths by counting lattice paths in whole numbers: [n, m, h, sides, p, log10 p]
  equal          exact tails for equal lengths by 60-digit arithmetic: [n, h, sides, p, log10 p]
  kolmogorov     one-sample distribution: [n, x, survival, cdf]; Durbin's matrix (Marsaglia, Tsang, Wang 2003) in 80-bit floats, null
                 where subtraction from 1 leaves fewer than 13 digits
  smirnov        one-sided one-sample tail by the Birnbaum-Tingey sum in 60 digits: [n, x, log10 p]
  adjust         adjusted p-values by the formulas of R's p.adjust
"""
import json
import math
import sys
import warnings
from decimal import Decimal, getcontext
from fractions import Fraction

import numpy as np
import scipy
from scipy import stats

SEED = 20240206
getcontext().prec = 60
getcontext().Emin = -999999999


def weyl(n, step, start, modulus):
    return np.array([((i * step + start) % modulus) / modulus for i in range(n)])


def scipy_results(x, y, pairs):
    results = []
    for alternative, method in pairs:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            r = stats.ks_2samp(x, y, alternative=alternative, method=method)
        results.append([alternative, method, float(r.statistic), float(r.pvalue), float(r.statistic_location),
                        int(r.statistic_sign), bool(caught)])
    return results


def two_sample(rng):
    pairs = [(a, m) for a in ("two-sided", "less", "greater") for m in ("exact", "asymp")]
    cases = []
    for k in range(48):
        n, m = (int(v) for v in rng.integers(1, 26, 2))
        if k % 4 == 0:
            m = n
        if k % 3 == 0:                                        # many ties
            x, y = rng.integers(0, 6, n) / 2, rng.integers(0, 6 + k % 5, m) / 2
        elif k % 3 == 1:                                      # few ties
            x, y = np.round(rng.normal(size=n), 1), np.round(rng.normal(0.5, 1.2, m), 1)
        else:                                                 # none
            x, y = np.round(rng.normal(size=n), 4), np.round(rng.normal(0, 2, m), 4)
        cases.append({"x": x.tolist(), "y": y.tolist(), "results": scipy_results(x, y, pairs)})
    for nx, ny, ax, ay in [((300, 7919, 1, 10007), (200, 5003, 7, 10009), 0, 0), ((1000, 7919, 3, 10007), (600, 31, 5, 701), 0, 0),
                           ((768, 7919, 3, 10007), (768, 31, 5, 701), 0, 0), ((999, 17, 3, 1009), (1000, 17, 2, 1009), 0, 0),
                           ((3000, 7919, 3, 10007), (2000, 41, 5, 7919), 0, 0), ((12000, 7919, 3, 20011), (500, 41, 5, 521), 0, 0)]:
        x, y = weyl(*nx), weyl(*ny)
        auto = [(a, "auto") for a in ("two-sided", "less", "greater")]
        cases.append({"weyl": [list(nx), list(ny)], "results": scipy_results(x, y, auto + [p for p in pairs if p[1] == "asymp"])})
    return cases


def log10_fraction(f):
    return float((Decimal(f.numerator) / Decimal(f.denominator)).log10())


def path_tail(n, m, h, sides):
    """Counts the paths that stay inside, and subtracts from all."""
    g = math.gcd(n, m)
    a, b = m // g, n // g
    row = [0] * (m + 1)
    for i in range(n + 1):
        for j in range(m + 1):
            v = i * a - j * b
            if v >= h or (sides == 2 and v <= -h):
                row[j] = 0
            elif i == 0 and j == 0:
                row[j] = 1
            else:
                row[j] = (row[j] if i else 0) + (row[j - 1] if j else 0)
    total = math.comb(n + m, n)
    return Fraction(total - row[m], total)


def paths():
    rows = []
    for n, m in [(7, 5), (12, 8), (60, 40), (101, 100), (250, 40), (400, 300), (1000, 700)]:
        steps = n * m // math.gcd(n, m)
        for share in (0.02, 0.06, 0.1, 0.2, 0.5, 0.8, 1.0):
            h = max(1, round(share * steps))
            for sides in (1, 2):
                f = path_tail(n, m, h, sides)
                rows.append([n, m, h, sides, float(f), log10_fraction(f)])
    return rows


def equal():
    rows = []
    for n in (1, 7, 100, 768, 4096, 10000, 65536):
        ratio = [Decimal(1)]
        for s in range(1, n + 1):
            ratio.append(ratio[-1] * (n - s + 1) / (n + s))
        root = math.isqrt(n)
        for h in sorted({1, 2, 3, root // 3, root // 2, root, root + root // 6, root + root // 5, root * 5 // 4, 2 * root, 5 * root,
                         20 * root, 26 * root, n // 2, n - 1, n} & set(range(1, n + 1))):
            two = 2 * sum((1 if k % 2 else -1) * ratio[k * h] for k in range(1, n // h + 1))
            for sides, p in ((1, ratio[h]), (2, two)):
                rows.append([n, h, sides, float(p), float(p.log10())])
    return rows


def durbin(n, x):
    """P(D_n < x) by Durbin's matrix."""
    one = np.longdouble(1)
    nx = np.longdouble(n) * np.longdouble(x)
    k = int(nx) + 1
    h = k - nx
    m = 2 * k - 1
    inverse_factorial = [one]
    for i in range(1, m + 2):
        inverse_factorial.append(inverse_factorial[-1] / i)
    H = np.zeros((m, m), dtype=np.longdouble)
    for i in range(m):
        for j in range(min(i + 2, m)):
            H[i, j] = inverse_factorial[i - j + 1]
    for i in range(m):
        H[i, 0] = (one - h ** (i + 1)) * inverse_factorial[i + 1]
        H[m - 1, i] = (one - h ** (m - i)) * inverse_factorial[m - i]
    H[m - 1, 0] = (one - 2 * h ** m + (max(2 * h - 1, 0 * one)) ** m) * inverse_factorial[m]
    # The row vector through the middle, once per value: n products of vector and matrix, no powers to scale.
    v = np.zeros(m, dtype=np.longdouble)
    v[k - 1] = one
    for i in range(1, n + 1):
        v = (v @ H) * (np.longdouble(i) / n)
        v *= np.exp(one)
    return v[k - 1] * np.exp(-np.longdouble(n))


def kolmogorov():
    rows = []
    for n in (3, 10, 32, 140, 200, 201, 500, 2048, 5000):
        for z in (0.25, 0.4, 0.6, 0.8, 0.88, 0.92, 1.0, 1.3, 1.7, 2.1, 2.5, 2.6):
            x = round(z / math.sqrt(n), 4)
            if not 0.5 / n < x < 0.5:
                continue
            cdf = durbin(n, x)
            sf = 1 - cdf
            rows.append([n, x, float(sf) if sf > 1e-5 else None, float(cdf)])
    return rows


def smirnov():
    rows = []
    for n in (1, 5, 40, 300, 3000):
        for x in (0.01, 0.1, 0.19, 0.25, 0.6, 0.97):
            d = Decimal(x)
            total = sum(math.comb(n, j) * (d + Decimal(j) / n) ** (j - 1) * (1 - d - Decimal(j) / n) ** (n - j)
                        for j in range(math.floor(n * (1 - d)) + 1))
            rows.append([n, x, float((d * total).log10())])
    return rows


def adjust(rng):
    def holm(p):
        order = np.argsort(p, kind="stable")
        out = np.empty(len(p))
        out[order] = np.minimum(1, np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p)))))
        return out

    def bh(p):
        order = np.argsort(-p, kind="stable")
        out = np.empty(len(p))
        out[order] = np.minimum(1, np.minimum.accumulate(p[order] * len(p) / (len(p) - np.arange(len(p)))))
        return out

    # Y. Benjamini and Y. Hochberg, "Controlling the False Discovery Rate" (1995), section 4.2: 15 p-values of a study of thrombolysis.
    published = np.array([.0001, .0004, .0019, .0095, .0201, .0278, .0298, .0344, .0459, .3240, .4262, .5719, .6528, .7590, 1.000])
    random = np.round(10.0 ** -rng.exponential(1.5, 40), 6)
    random[5:9] = random[4]
    return [{"name": name, "p": p.tolist(), "bonferroni": np.minimum(1, p * len(p)).tolist(), "holm": holm(p).tolist(), "bh": bh(p).tolist()}
            for name, p in (("Benjamini and Hochberg 1995", published), ("random with ties", random))]


def main():
    rng = np.random.default_rng(SEED)
    golden = {
        "made_by": "make_ks_golden.py", "python": sys.version.split()[0], "numpy": np.__version__, "scipy": scipy.__version__,
        "seed": SEED, "two_sample": two_sample(rng), "paths": paths(), "equal": equal(), "kolmogorov": kolmogorov(),
        "smirnov": smirnov(), "adjust": adjust(rng),
    }
    # One line per row keeps the file small and its diffs readable.
    parts = []
    for key, value in golden.items():
        if isinstance(value, list):
            rows = ",\n".join(json.dumps(row, separators=(",", ":")) for row in value)
            parts.append(f"{json.dumps(key)}:[\n{rows}\n]")
        else:
            parts.append(f"{json.dumps(key)}:{json.dumps(value)}")
    print("{" + ",\n".join(parts) + "}")


main()
