"""Settlement attempts by plain loops: what is known at the signature, and the primary models.

Reads the raw files of UCDP/PRIO and PA-X and, of the study's folder, the codes and the context; it
shares no code with the package. Writes ``variables.csv``, a row an attempt, and ``fits.csv``, a row
a term. Run: ``python settlements.py FOLDER_OF_RAW_FILES FOLDER_OF_THE_STUDY``.
"""

import csv
import datetime as dt
import math
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
LAST_YEAR = 2024
YEAR = dt.timedelta(days=365)
CONTROLS = ("log_pages", "active", "war_years", "territory")


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def conflicts(raw):
    """By conflict: years of fighting, years of war, days on which an episode reached 25 deaths, the
    incompatibility."""
    fighting, war, began, about = defaultdict(set), defaultdict(set), {}, {}
    for row in rows(raw / "ucdp_prio_acd_251.csv"):
        conflict, year = int(row["conflict_id"]), int(row["year"])
        fighting[conflict].add(year)
        if row["intensity_level"] == "2":
            war[conflict].add(year)
        if row["start_date2"] and int(row["start_date2"][:4]) == year:
            began[conflict, year] = dt.date.fromisoformat(row["start_date2"])
        about[conflict] = row["incompatibility"]
    return fighting, war, began, about


def attempts(raw, fighting):
    """Runs of substantive agreements within 365 days, with the pages of their texts."""
    texts = defaultdict(list)
    for row in rows(raw / "pax_v10.csv"):
        if row["UcdpCon"] and int(float(row["UcdpCon"])) in fighting:
            texts[int(float(row["UcdpCon"]))].append((dt.date.fromisoformat(row["Dat"]), row))
    for conflict, own in sorted(texts.items()):
        own.sort(key=lambda item: (item[0], int(item[1]["AgtId"])))
        runs = []
        for date, row in own:
            if row["Stage"] not in ("SubPar", "SubComp"):
                continue
            if row["Agtp"] not in ("Intra", "InterIntra"):
                continue
            if runs and date - runs[-1][1] <= YEAR:
                runs[-1][1] = date
            else:
                runs.append([date, date])
        for first, last in runs:
            pages = 0
            for date, row in own:
                if row["Stage"] != "Oth" and first - YEAR <= date <= last:
                    pages += int(row["Lgt"])
            yield conflict, first, last, pages


def variables(raw):
    """A row an attempt: what is known on the day of its last agreement, and what came after."""
    fighting, war, began, about = conflicts(raw)
    out = []
    for conflict, first, last, pages in attempts(raw, fighting):
        t0 = last.year
        in_t0 = (conflict, t0) in began and began[conflict, t0] < last
        before = [y for y in range(t0 - 5, t0) if y in fighting[conflict]]
        wars = [y for y in range(t0 - 10, t0) if y in war[conflict]]
        after = [y for y in range(t0 + 1, t0 + 6) if y in fighting[conflict]]
        complete = t0 + 5 <= LAST_YEAR
        out.append(
            {
                "case_id": f"{conflict}-{t0}",
                "conflict_id": conflict,
                "first_year": first.year,
                "t0": t0,
                "pages": pages,
                "active": int(in_t0 or t0 - 1 in fighting[conflict]),
                "war_years": len(wars),
                "territory": int(about[conflict] in ("1", "3")),
                "eligible": int(in_t0 or bool(before)),
                "complete": int(complete),
                "lasting_peace": int(not after) if complete else "",
                "kept": 0,
            }
        )
    last_kept = {}
    for row in sorted(out, key=lambda r: (r["conflict_id"], r["t0"])):
        conflict = row["conflict_id"]
        if row["eligible"] and row["t0"] > last_kept.get(conflict, -math.inf) + 5:
            last_kept[conflict] = row["t0"]
            row["kept"] = 1
    return out


def scores(study):
    """Share of the indicators of each pillar that a case has, from the stored codes."""
    book = tomllib.loads((study / "codebook.toml").read_text(encoding="utf-8"))
    codes = {}
    for row in rows(study / "codings.csv"):
        codes[row["case_id"], row["indicator_id"]] = float(row["code"])
    pillars = {}
    for entry in book["entries"]:
        if entry.get("role", "pillar") == "pillar" and entry.get("indicators"):
            pillars[entry["id"]] = [i["id"] for i in entry["indicators"]]
    out = defaultdict(dict)
    for case in {case for case, _ in codes}:
        for pillar, indicators in pillars.items():
            present = [codes[case, i] > 0 for i in indicators]
            out[case][pillar] = sum(present) / len(present)
    return out


PILLARS = ("diplomacy", "resources", "norms", "economy", "environment", "community", "institutions")


def column(cases, name, scored):
    if name == "Intercept":
        return np.ones(len(cases))
    if name == "log_pages":
        return np.array([math.log(case["pages"]) for case in cases])
    if name in CONTROLS:
        return np.array([float(case[name]) for case in cases])
    if name == "breadth":
        x = np.array([sum(scored[c["case_id"]][p] for p in PILLARS) / 7 for c in cases])
    else:
        x = np.array([scored[c["case_id"]][name] for c in cases])
    return (x - x.mean()) / x.std(ddof=1)


def firth(X, y):
    """Firth's estimate by Newton's method on the modified score, with step halving."""

    def penalised(beta):
        eta = X @ beta
        p = 1 / (1 + np.exp(-eta))
        information = X.T @ (X * (p * (1 - p))[:, None])
        loglik = float(y @ eta - np.logaddexp(0, eta).sum())
        return loglik + 0.5 * np.linalg.slogdet(information)[1]

    beta = np.zeros(X.shape[1])
    for _ in range(500):
        p = 1 / (1 + np.exp(-(X @ beta)))
        w = p * (1 - p)
        information = X.T @ (X * w[:, None])
        inverse = np.linalg.inv(information)
        h = w * np.einsum("ij,jk,ik->i", X, inverse, X)
        move = inverse @ (X.T @ (y - p + h * (0.5 - p)))
        step = 1.0
        while penalised(beta + step * move) < penalised(beta) - 1e-12:
            step /= 2
        beta = beta + step * move
        if np.abs(move).max() < 1e-12:
            break
    return beta


def clustered(X, y, beta, groups):
    """Inverse information around the sums of the modified scores by cluster, times G/(G-1)."""
    p = 1 / (1 + np.exp(-(X @ beta)))
    w = p * (1 - p)
    inverse = np.linalg.inv(X.T @ (X * w[:, None]))
    h = w * np.einsum("ij,jk,ik->i", X, inverse, X)
    each = X * (y - p + h * (0.5 - p))[:, None]
    sums = defaultdict(lambda: np.zeros(X.shape[1]))
    for group, row in zip(groups, each, strict=True):
        sums[group] += row
    meat = sum(np.outer(s, s) for s in sums.values())
    G = len(sums)
    return inverse @ meat @ inverse * G / (G - 1)


def fits(cases, scored, country):
    y = np.array([float(case["lasting_peace"]) for case in cases])
    groups = [country[case["case_id"]] for case in cases]
    for model, focal in (("breadth", ("breadth",)), ("pillars", PILLARS)):
        names = ["Intercept", *focal, *CONTROLS]
        X = np.column_stack([column(cases, name, scored) for name in names])
        beta = firth(X, y)
        V = clustered(X, y, beta, groups)
        for k, name in enumerate(names):
            error = math.sqrt(V[k, k])
            p = math.erfc(abs(beta[k] / error) / math.sqrt(2))
            yield {"model": model, "term": name, "estimate": beta[k], "std_error": error, "p": p}


def write(path, table):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(table)


def main(raw, study):
    found = variables(raw)
    write(HERE / "variables.csv", found)
    country = {row["case_id"]: row["country"] for row in rows(study / "cases.csv")}
    cases = [row for row in found if row["kept"] and row["complete"]]
    table = []
    for row in fits(cases, scores(study), country):
        numbers = {name: f"{row[name]:.12g}" for name in ("estimate", "std_error", "p")}
        table.append(row | numbers)
    write(HERE / "fits.csv", table)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
