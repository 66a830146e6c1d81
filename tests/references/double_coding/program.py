"""Success of development projects by three ratings, from the bank's file, in plain Python.

Shares no code with the package: the file is read with csv, the logit is fitted by Newton's steps on
lists, the standard errors are those of the jackknife over countries, and Laos is left out with the
regional projects that name it.

    python program.py adb_aer2024_ratings.csv > expected.csv
"""

import csv
import math
import sys
from pathlib import Path

TERMS = ("Intercept", "fragile", "small_island", "program", "ln_amount", "late")
GOOD = ("highly successful", "successful")
OUTCOMES = {
    "success_by_staff": "PCR overall rating",
    "success_by_independent": "PVR overall rating",
    "success_by_final": "IED overall rating",
}


def main(path):
    with Path(path).open(encoding="utf-8", newline="") as file:
        projects = [row for row in csv.DictReader(file) if rated_by_both(row)]
    X = [regressors(row) for row in projects]
    countries = [row["Country Code"] for row in projects]
    ratings = {
        name: [float(row[column] in GOOD) for row in projects] for name, column in OUTCOMES.items()
    }
    ratings["staff_only"] = [
        float(staff and not other)
        for staff, other in zip(
            ratings["success_by_staff"], ratings["success_by_independent"], strict=True
        )
    ]
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["model", "term", "estimate", "std_error", "without_laos"])
    moved = {}
    for name, y in ratings.items():
        estimate = logit(X, y)
        moved[name] = {
            country: logit(*without(X, y, countries, country.__eq__))
            for country in sorted(set(countries))
        }
        std_error = jackknife(estimate, list(moved[name].values()))
        laos = logit(*without(X, y, countries, lambda country: "LAO" in country))
        for k, term in enumerate(TERMS):
            writer.writerow([name, term, repr(estimate[k]), repr(std_error[k]), repr(laos[k])])
        moved[name]["all"] = estimate
    staff, second = moved["success_by_staff"], moved["success_by_independent"]
    gaps = {c: [a - b for a, b in zip(staff[c], second[c], strict=True)] for c in staff}
    whole = gaps.pop("all")
    for k, term in enumerate(TERMS):
        spread = jackknife(whole, list(gaps.values()))[k]
        writer.writerow(["difference", term, repr(whole[k]), repr(spread), ""])


def rated_by_both(row):
    return row["AER Ratings Tag"] == "1" and row["PVR overall rating"] != "na"


def regressors(row):
    amount = math.log(float(row["Approved amount (USD mil)"]))
    return [
        1.0,
        float(row["FCAS"] == "FCAS"),
        float(row["SIDS"] == "SIDS"),
        float("Program" in row["Modality"]),
        round(amount, 1),
        float(float(row["Approval Year"]) >= 2005),
    ]


def without(X, y, countries, left_out):
    kept = [n for n, country in enumerate(countries) if not left_out(country)]
    return [X[n] for n in kept], [y[n] for n in kept]


def jackknife(estimate, others):
    share = (len(others) - 1) / len(others)
    return [
        math.sqrt(share * sum((other[k] - estimate[k]) ** 2 for other in others))
        for k in range(len(estimate))
    ]


def logit(X, y):
    beta = [0.0] * len(X[0])
    for _ in range(50):
        p = [1 / (1 + math.exp(-sum(b * x for b, x in zip(beta, row, strict=True)))) for row in X]
        K = range(len(beta))
        score = [sum((y[n] - p[n]) * X[n][k] for n in range(len(X))) for k in K]
        information = [
            [sum(p[n] * (1 - p[n]) * X[n][j] * X[n][k] for n in range(len(X))) for k in K]
            for j in K
        ]
        step = solved(information, score)
        beta = [b + s for b, s in zip(beta, step, strict=True)]
        if max(map(abs, step)) < 1e-12:
            return beta
    raise ArithmeticError("no estimate")


def solved(matrix, right):
    """Gauss's elimination with the largest pivot."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    size = len(rows)
    for k in range(size):
        pivot = max(range(k, size), key=lambda r: abs(rows[r][k]))
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for r in range(k + 1, size):
            factor = rows[r][k] / rows[k][k]
            rows[r] = [a - factor * b for a, b in zip(rows[r], rows[k], strict=True)]
    out = [0.0] * size
    for k in reversed(range(size)):
        rest = sum(rows[k][j] * out[j] for j in range(k + 1, size))
        out[k] = (rows[k][size] - rest) / rows[k][k]
    return out


if __name__ == "__main__":
    main(sys.argv[1])
