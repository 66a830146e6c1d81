"""The landmarks of the study accord_implementation and its primary fits, by loops over the source
files.

It shares no code with the package. From the study folder it takes which accord is which (cases.csv:
dates, first year, conflicts, state), the list of provisions of each pillar, and breadth of the text
and constraints on the executive (covariates.csv); everything else is read from the source files.

    python accords.py RAW > fits.csv

RAW is the folder with pam_id_v15.csv, ucdp_prio_acd_251.csv and archigos_leaderyear.csv.
"""

import csv
import datetime
import math
import sys
import tomllib
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[3] / "datasets" / "accord_implementation"
CHI2_95 = 3.841458820694124  # 95 % point of chi-squared with one degree of freedom
SECURITY = ["cease", "with", "demob", "disarm", "reint", "pargrp", "verify"]
WIDER = [*SECURITY, "milrfm", "polrfm", "unpkf", "regpkf", "embarg"]


def read(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def levels_of(raw):
    """Level of every promised provision by (accord, year of the accord)."""
    levels = {}
    for row in read(raw / "pam_id_v15.csv"):
        case = row["pam_caseid"]
        year = int(float(row["year_count"])) if row["year_count"] else 0
        here = {}
        for column in row:
            if not column.endswith("_prov") or column == "total_prov":
                continue
            stem = column.removesuffix("_prov")
            # refugees of Tajikistan 1997 are promised throughout, as decisions.tsv says
            if row[column] == "1" or (case, stem) == ("26", "refug"):
                here[stem] = int(row[f"{stem}_implem"])
        levels[case, year] = here
    return levels


def mean_level(levels, case, year, without=()):
    own = [v for stem, v in levels.get((case, year), {}).items() if stem not in without]
    return sum(own) / len(own) / 3 if own else None


def fighting(raw):
    """Years of fighting by conflict and by state, and when the episode of a year began."""
    conflicts, states, began = {}, {}, {}
    for row in read(raw / "ucdp_prio_acd_251.csv"):
        conflict, year = row["conflict_id"], int(row["year"])
        conflicts.setdefault(conflict, set()).add(year)
        began[conflict, year] = datetime.date.fromisoformat(row["start_date2"])
        for state in row["gwno_loc"].split(", "):
            states.setdefault(state, set()).add(year)
    return conflicts, states, began


def leaders(raw):
    changed = {}
    for row in read(raw / "archigos_leaderyear.csv"):
        state, year = str(int(float(row["gwcode"]))), int(float(row["year"]))
        changed[state, year] = (float(row["leadertransition"]), float(row["irregular"]))
    return changed


def any_change(changed, state, first, last, which):
    years = range(first, last + 1)
    if not years or any((state, year) not in changed for year in years):
        return None
    return float(any(changed[state, year][which] for year in years))


def breadth(case, levels):
    """Share of each pillar's provisions that is promised, averaged over the seven pillars."""
    book = tomllib.loads((FOLDER / "codebook.toml").read_text(encoding="utf-8"))
    shares = []
    promised = levels[case, 1]
    for entry in book["entries"]:
        if entry["kind"] != "pillar":
            continue
        stems = [i["columns"][0].removesuffix("_prov") for i in entry["indicators"]]
        shares.append(sum(stem in promised for stem in stems) / len(stems))
    return sum(shares) / len(shares)


def landmarks(raw):
    """Every accord at every landmark: a dict by case_id of landmarks.csv."""
    levels, changed = levels_of(raw), leaders(raw)
    conflicts, states, _ = fighting(raw)
    rows = {}
    for case in read(FOLDER / "cases.csv"):
        i, t0, first = case["case_id"], int(case["t0"]), int(case["first_year"])
        signed = datetime.date.fromisoformat(case["accord_date"])
        fought = set()
        for conflict in case["conflict_ids"].split():
            fought |= conflicts[conflict]
        for clock in ("", "calendar_"):
            for k in (1, 2, 3):
                year = t0 + k if clock else first + k - 1
                now = year - first + 1
                then = t0 + 5 - first + 1 if clock else 5
                level = mean_level(levels, i, now)
                later = mean_level(levels, i, then)
                between = set(range(t0 + 1, year + 1))
                after = set(range(year + 1, year + 6))
                has_both = level is not None and later is not None
                rows[f"{i}_{clock}k{k}"] = {
                    "accord": i,
                    "joined": case["joined"] == "1",
                    "first_accord": case["first_accord"] == "1",
                    "landmark_year": year,
                    "days": (datetime.date(year, 12, 31) - signed).days,
                    "fought": int(bool(fought & between)),
                    "implemented": level,
                    "implemented_civil": mean_level(levels, i, now, SECURITY),
                    "implemented_civil_strict": mean_level(levels, i, now, WIDER),
                    "promised_breadth": breadth(i, levels),
                    "leader_turnover": any_change(changed, case["country"], t0 + 1, year, 0),
                    "irregular_turnover": any_change(changed, case["country"], t0 + 1, year, 1),
                    "gain": later - level if has_both else None,
                    "peace_after": not fought & after,
                    "country_peace_after": not states.get(case["country"], set()) & after,
                }
    return rows


def known_fighting(raw):
    """For every accord: fighting known at the signature in t0 or t0 - 1, and years since the last
    year of fighting that was known.
    """
    conflicts, _, began = fighting(raw)
    out = {}
    for case in read(FOLDER / "cases.csv"):
        t0 = int(case["t0"])
        signed = datetime.date.fromisoformat(case["accord_date"])
        known = set()
        for conflict in case["conflict_ids"].split():
            for year in conflicts[conflict]:
                start = began[conflict, year]
                if year < t0 or (year == t0 and start.year == t0 and start < signed):
                    known.add(year)
        since = t0 - max(known) if known else None
        out[case["case_id"]] = (float(bool(known & {t0, t0 - 1})), since)
    return out


def standardised(values):
    mean = sum(values) / len(values)
    sd = math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))
    return [(v - mean) / sd for v in values]


def penalised(y, x, a, b):
    """Firth's penalised log-likelihood of intercept a and slope b."""
    i00 = i01 = i11 = total = 0.0
    for value, z in zip(y, x, strict=True):
        eta = a + b * z
        p = 1 / (1 + math.exp(-eta))
        total += value * eta - (max(eta, 0) + math.log1p(math.exp(-abs(eta))))
        w = p * (1 - p)
        i00, i01, i11 = i00 + w, i01 + w * z, i11 + w * z * z
    return total + 0.5 * math.log(i00 * i11 - i01**2)


def largest(f, low, high):
    """Golden section: where a function with one maximum is largest, and the maximum."""
    ratio = (math.sqrt(5) - 1) / 2
    while high - low > 1e-11:
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        if f(left) > f(right):
            high = right
        else:
            low = left
    return (low + high) / 2, f((low + high) / 2)


def firth(y, x):
    """Slope with its profile interval and p of the penalised likelihood ratio."""

    def profile(b):
        return largest(lambda a: penalised(y, x, a, b), -15, 15)[1]

    slope, top = largest(profile, -10, 10)
    p_value = math.erfc(math.sqrt(max(top - profile(0.0), 0)))
    ends = []
    for sign in (-1, 1):
        low, high = 0.0, 15.0
        while high - low > 1e-9:
            middle = (low + high) / 2
            if 2 * (top - profile(slope + sign * middle)) < CHI2_95:
                low = middle
            else:
                high = middle
        ends.append(slope + sign * low)
    return slope, ends[0], ends[1], p_value


def solve(A, B):
    """Gauss and Jordan with pivots: the matrix X of AX = B."""
    n = len(A)
    rows = [list(a) + list(b) for a, b in zip(A, B, strict=True)]
    for i in range(n):
        pivot = max(range(i, n), key=lambda r: abs(rows[r][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        rows[i] = [v / rows[i][i] for v in rows[i]]
        for r in range(n):
            if r != i:
                rows[r] = [v - rows[r][i] * w for v, w in zip(rows[r], rows[i], strict=True)]
    return [row[n:] for row in rows]


def least_squares(y, X):
    """First slope of least squares and its HC3 standard error."""
    k = len(X[0])
    cross = [[sum(row[i] * row[j] for row in X) for j in range(k)] for i in range(k)]
    inverse = solve(cross, [[float(i == j) for j in range(k)] for i in range(k)])
    xy = [sum(row[i] * v for row, v in zip(X, y, strict=True)) for i in range(k)]
    beta = [sum(inverse[i][j] * xy[j] for j in range(k)) for i in range(k)]
    meat = 0.0
    for row, v in zip(X, y, strict=True):
        at = [sum(inverse[i][j] * row[j] for j in range(k)) for i in range(k)]
        leverage = sum(row[i] * at[i] for i in range(k))
        residual = (v - sum(row[i] * beta[i] for i in range(k))) / (1 - leverage)
        meat += (at[1] * residual) ** 2
    return beta[1], math.sqrt(meat)


READINGS = {  # ending: treatment, outcome, clock, first accords only
    "": ("implemented", "peace_after", "", False),
    "_civil": ("implemented_civil", "peace_after", "", False),
    "_civil_strict": ("implemented_civil_strict", "peace_after", "", False),
    "_calendar": ("implemented", "peace_after", "calendar_", False),
    "_country": ("implemented", "country_peace_after", "", False),
    "_first": ("implemented", "peace_after", "", True),
}


def fits(raw):
    """Rows of fits.csv: model, n, estimate, conf_low, conf_high, p_value, std_error."""
    rows, out = landmarks(raw), []
    joined = [row["accord"] for key, row in rows.items() if row["joined"] and key.endswith("_k1")]
    joined = list(dict.fromkeys(joined))
    for ending, (treatment, outcome, clock, first) in READINGS.items():
        for k in (1, 2, 3):
            for keep_fought in (False, True):
                used = [rows[f"{accord}_{clock}k{k}"] for accord in joined]
                used = [row for row in used if row[treatment] is not None]
                if first:
                    used = [row for row in used if row["first_accord"]]
                if not keep_fought:
                    used = [row for row in used if not row["fought"]]
                x = standardised([row[treatment] for row in used])
                y = [float(row[outcome]) for row in used]
                name = f"landmark_k{k}{ending}{'_all' if keep_fought else ''}"
                out.append((name, len(y), *firth(y, x), None))
    used = [rows[f"{accord}_calendar_k2"] for accord in joined]
    used = [row for row in used if row["gain"] is not None and row["leader_turnover"] is not None]
    level = standardised([row["implemented"] for row in used])
    wide = standardised([row["promised_breadth"] for row in used])
    changed = [row["leader_turnover"] for row in used]
    X = [[1.0, c, z, w] for c, z, w in zip(changed, level, wide, strict=True)]
    slope, error = least_squares([row["gain"] for row in used], X)
    out.append(("politics_turnover", len(used), slope, None, None, None, error))
    return [*out, *delivery_fits(raw, joined)]


CONSTRAINTS = {
    "executive": "executive_constraints",
    "legislative": "legislative_constraints",
    "judicial": "judicial_constraints",
}


def delivery_fits(raw, joined):
    """Mean level in year 5 on breadth, and on constraints with breadth of the promises; breadth of
    the text and constraints are those of covariates.csv.
    """
    levels = levels_of(raw)
    value = {}
    for row in read(FOLDER / "covariates.csv"):
        if row["value"]:
            value[row["case_id"], row["variable"]] = float(row["value"])
    outcome = {case: mean_level(levels, case, 5) for case in joined}
    wide = {case: breadth(case, levels) for case in joined}
    text = {case: value.get((case, "text_breadth")) for case in joined}
    models = {"promise_text": [text], "promise_provisions": [wide]}
    for name, variable in CONSTRAINTS.items():
        constraint = {case: value.get((case, variable)) for case in joined}
        models[f"politics_{name}"] = [constraint, wide]
    out = []
    for name, columns in models.items():
        everything = [outcome, *columns]
        used = [case for case in joined if all(c[case] is not None for c in everything)]
        scaled = [standardised([column[case] for case in used]) for column in columns]
        X = [[1.0, *row] for row in zip(*scaled, strict=True)]
        slope, error = least_squares([outcome[case] for case in used], X)
        out.append((name, len(used), slope, None, None, None, error))
    return out


def main():
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(["model", "n", "estimate", "conf_low", "conf_high", "p_value", "std_error"])
    for name, n, *numbers in fits(Path(sys.argv[1])):
        writer.writerow([name, n, *("" if v is None else f"{v:.9g}" for v in numbers)])


if __name__ == "__main__":
    main()
