"""Onsets, histories and clocks from the raw rows, and the fits of the study onset, in plain Python.

It shares no code with the package. From ``ucdp_prio_acd_251.csv`` it counts, by loops, fighting,
onsets by every gap, new and resumed onsets, quiet years, years at peace and whether a state fought
before. Covariates, which other tests compare with their sources, are read from
``country_years.csv``. It fits logits by Newton's method with its own elimination, and standard
errors clustered by state, factor G/(G-1).

    python onset_clocks.py FOLDER_OF_SOURCES

writes ``expected.csv`` (a row a model and test), ``variables.sha256`` (of the counted columns, a
line a state-year) and ``script.sha256``.
"""

import csv
import hashlib
import math
import sys
from itertools import pairwise
from pathlib import Path

HERE = Path(__file__).parent
TABLE = HERE.parents[2] / "datasets" / "onset" / "country_years.csv"
GAPS = (1, 2, 3, 5, 10)
COVARIATES = (
    "ln_trade_openness",
    "ln_igo_memberships",
    "polyarchy",
    "executive_constraints",
    "ln_gdp_per_capita",
    "ln_population",
    "regional_fighting",
)
COUNTED = ("fighting", "onset", "onset_new", "onset_resumed", "quiet", "peace_years", "ever_fought")
COUNTED += tuple(f"{kind}_gap_{gap}" for gap in (1, 3, 5, 10) for kind in ("onset", "quiet"))
# name: outcome, rule of the sample, clocks (1, 2, or 1.5 for one clock and a shift), the year
MODELS = {
    "declared": ("onset", ("quiet",), 2, False),
    "one_clock": ("onset", ("quiet",), 1, False),
    "history_only": ("onset", ("quiet",), 1.5, False),
    "gap_1": ("onset_gap_1", ("quiet_gap_1",), 2, False),
    "gap_3": ("onset_gap_3", ("quiet_gap_3",), 2, False),
    "gap_5": ("onset_gap_5", ("quiet_gap_5",), 2, False),
    "gap_10": ("onset_gap_10", ("quiet_gap_10",), 2, False),
    "one_clock_gap_1": ("onset_gap_1", ("quiet_gap_1",), 1, False),
    "one_clock_gap_3": ("onset_gap_3", ("quiet_gap_3",), 1, False),
    "one_clock_gap_5": ("onset_gap_5", ("quiet_gap_5",), 1, False),
    "one_clock_gap_10": ("onset_gap_10", ("quiet_gap_10",), 1, False),
    "fought_before": ("onset", ("quiet", "ever_fought"), 1, False),
    "never_fought": ("onset", ("quiet", "never_fought"), 1, False),
    "new_onsets": ("onset_new", ("quiet",), 2, False),
    "resumed_onsets": ("onset_resumed", ("quiet", "ever_fought"), 1, False),
    "all_years": ("onset", (), 2, False),
    "all_years_one_clock": ("onset", (), 1, False),
    "year": ("onset", ("quiet",), 2, True),
    "year_one_clock": ("onset", ("quiet",), 1, True),
}


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def conflicts_of(raw):
    """Years, first year of a death and state of every conflict within a state."""
    conflicts = {}
    for row in read(raw / "ucdp_prio_acd_251.csv"):
        if row["type_of_conflict"] not in ("3", "4"):
            continue
        if row["gwno_loc"] == "751":  # Hyderabad is no state of the list
            continue
        entry = conflicts.setdefault(row["conflict_id"], {"years": [], "start": 9999})
        entry["years"].append(int(row["year"]))
        entry["start"] = min(entry["start"], int(row["start_date"][:4]))
        entry["state"] = int(row["gwno_loc"])
    return conflicts


def onsets_of(conflicts):
    """Years of fighting by state, and state-years where a conflict is new or, by gap, resumes."""
    fought, new, again = {}, set(), {gap: set() for gap in GAPS}
    for entry in conflicts.values():
        state, years = entry["state"], sorted(entry["years"])
        fought.setdefault(state, set()).update(years)
        if years[0] > 1946 or entry["start"] >= 1946:
            new.add((state, years[0]))
        for before, year in pairwise(years):
            for gap in GAPS:
                if year - before > gap:
                    again[gap].add((state, year))
    return fought, new, again


def count(raw):
    """Every state-year of the table with what is counted from the raw rows."""
    fought, new, again = onsets_of(conflicts_of(raw))
    rows = read(TABLE)
    first_year = {}
    for row in rows:
        state, year = int(row["country"]), int(row["year"])
        first_year[state] = min(first_year.get(state, year), year)
    out = []
    for row in rows:
        state, year = int(row["country"]), int(row["year"])
        years = fought.get(state, set())
        made = {"case_id": row["case_id"], "country": state, "year": year}
        made["fighting"] = int(year in years)
        made["onset_new"] = int((state, year) in new)
        made["onset_resumed"] = int((state, year) in again[2])
        made["ever_fought"] = int(min(years, default=9999) < year)
        made["never_fought"] = 1 - made["ever_fought"]
        made["peace_years"] = peace_before(year, first_year[state], years)
        for gap in GAPS:
            name = "" if gap == 2 else f"_gap_{gap}"
            began = (state, year) in new or (state, year) in again[gap]
            made[f"onset{name}"] = int(began)
            made[f"quiet{name}"] = int(not any(year - d in years for d in range(1, gap + 1)))
        made["complete"] = all(row[name] != "" for name in COVARIATES)
        for name in COVARIATES:
            made[name] = float(row[name]) if row[name] else None
        out.append(made)
    return out


def peace_before(year, first, years):
    """Years in a row without fighting before a year, from the first year of the state on."""
    peace = 0
    while year - 1 - peace >= first and (year - 1 - peace) not in years:
        peace += 1
    return peace


def digest(rows):
    """The sha256 of the counted columns, a line a state-year."""
    text = ""
    for row in rows:
        cells = [str(row["case_id"])] + [str(int(row[name])) for name in COUNTED]
        text += ",".join(cells) + "\n"
    return hashlib.sha256(text.encode()).hexdigest()


def design(rows, clocks, with_year):
    """The rows of the design matrix; years at peace in tens, calendar years in tens from 1990."""
    X = []
    for row in rows:
        x = [1.0]
        x += [row["ln_trade_openness"], row["ln_igo_memberships"]]
        x += [row["polyarchy"], row["polyarchy"] ** 2, row["executive_constraints"]]
        x += [row["ln_gdp_per_capita"], row["ln_population"], row["regional_fighting"]]
        tens = row["peace_years"] / 10
        cubic = [tens, tens**2, tens**3]
        x += cubic
        if clocks > 1:
            x.append(float(row["ever_fought"]))
        if clocks == 2:
            x += [row["ever_fought"] * value for value in cubic]
        if with_year:
            x.append((row["year"] - 1990) / 10)
        X.append(x)
    return X


def solve(A, B):
    """A^-1 B by elimination with pivots; B has columns."""
    n, m = len(A), len(B[0])
    M = [list(A[i]) + list(B[i]) for i in range(n)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda k: abs(M[k][i]))
        M[i], M[pivot] = M[pivot], M[i]
        for k in range(n):
            if k != i:
                factor = M[k][i] / M[i][i]
                if factor:
                    for j in range(i, n + m):
                        M[k][j] -= factor * M[i][j]
    return [[M[i][n + j] / M[i][i] for j in range(m)] for i in range(n)]


def logit(X, y, groups):
    """Coefficients and covariance clustered by ``groups``."""
    k = len(X[0])
    b = [0.0] * k
    b[0] = math.log(sum(y) / (len(y) - sum(y)))
    for _ in range(60):
        information = [[0.0] * k for _ in range(k)]
        score = [0.0] * k
        for x, outcome in zip(X, y, strict=True):
            p = 1 / (1 + math.exp(-sum(v * c for v, c in zip(x, b, strict=True))))
            w = p * (1 - p)
            for i in range(k):
                score[i] += x[i] * (outcome - p)
                wx = w * x[i]
                line = information[i]
                for j in range(i + 1):
                    line[j] += wx * x[j]
        for i in range(k):
            for j in range(i):
                information[j][i] = information[i][j]
        step = [s[0] for s in solve(information, [[s] for s in score])]
        b = [c + s for c, s in zip(b, step, strict=True)]
        if max(abs(s) for s in step) < 1e-11:
            break
    unit = [[float(i == j) for j in range(k)] for i in range(k)]
    bread = solve(information, unit)
    sums = {}
    for x, outcome, group in zip(X, y, groups, strict=True):
        p = 1 / (1 + math.exp(-sum(v * c for v, c in zip(x, b, strict=True))))
        own = sums.setdefault(group, [0.0] * k)
        for i in range(k):
            own[i] += x[i] * (outcome - p)
    meat = [[sum(s[i] * s[j] for s in sums.values()) for j in range(k)] for i in range(k)]
    G = len(sums)

    def product(A, B):
        return [[sum(A[i][m] * B[m][j] for m in range(k)) for j in range(k)] for i in range(k)]

    V = product(product(bread, meat), bread)
    return b, [[v * G / (G - 1) for v in line] for line in V], G


def fitted(rows, name):
    """The results of a model: a row for each of trade, memberships and the joint test."""
    outcome, rules, clocks, with_year = MODELS[name]
    used = [r for r in rows if r["complete"] and all(r[rule] for rule in rules)]
    X = design(used, clocks, with_year)
    y = [row[outcome] for row in used]
    b, V, G = logit(X, y, [row["country"] for row in used])
    head = {"model": name, "n": len(used), "n_events": sum(y), "n_clusters": G}
    out = []
    for i, test in ((1, "D1"), (2, "D2")):
        z = b[i] / math.sqrt(V[i][i])
        values = {"estimate": b[i], "std_error": math.sqrt(V[i][i])}
        out.append({**head, "test": test, **values, "p_value": math.erfc(abs(z) / math.sqrt(2))})
    joint = [3, 4, 5]  # polyarchy, its square, executive constraints
    part = [[V[i][j] for j in joint] for i in joint]
    solved = solve(part, [[b[i]] for i in joint])
    chi2 = sum(b[i] * s[0] for i, s in zip(joint, solved, strict=True))
    # upper tail of chi-squared with three degrees of freedom
    p = math.erfc(math.sqrt(chi2 / 2)) + math.sqrt(2 * chi2 / math.pi) * math.exp(-chi2 / 2)
    out.append({**head, "test": "D3", "estimate": "", "std_error": "", "p_value": p})
    return out


def main():
    rows = count(Path(sys.argv[1]))
    (HERE / "variables.sha256").write_text(digest(rows) + "\n")
    results = []
    for name in MODELS:
        results += fitted(rows, name)
    columns = ["model", "test", "n", "n_events", "n_clusters", "estimate", "std_error", "p_value"]
    with (HERE / "expected.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(results)
    script = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    (HERE / "script.sha256").write_text(script + "\n")


if __name__ == "__main__":
    main()
