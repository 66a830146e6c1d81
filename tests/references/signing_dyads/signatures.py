"""Signed agreements by plain loops: what is known on the day, and the primary models.

Reads the raw files of UCDP and PA-X and, of the study's folders, the codebook, the cluster of each
agreement and its code for third parties; it shares no code with the package. Writes
``variables.csv``, a row an agreement, ``fits.csv``, a row a term, and ``signatures.sha256``, its
own hash. Run: ``python signatures.py FOLDER_OF_RAW_FILES FOLDER_OF_STUDIES``.
"""

import csv
import hashlib
import math
import sys
import tomllib
from collections import defaultdict
from datetime import date, timedelta
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent
LAST_YEAR = 2024
WRONG_IDS = ("475", "1371", "426")  # of PA-X texts, taken out by hand: see decisions.tsv
PILLARS = ("diplomacy", "resources", "norms", "economy", "environment", "community", "institutions")
CONTROLS = ("log_pages", "active", "territory", "full_agreement", "n_dyads", "decade")


def rows(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def whole(text):
    return text.removesuffix(".0")


def day_of(text):
    return date.fromisoformat(text[:10])


def dyads(raw):
    """By dyad: years of fighting, of war, and the day on which the episode of a year had 25 deaths;
    and the days on which episodes ended, None where the year alone is known."""
    fought, war, reached, ended = defaultdict(set), defaultdict(set), {}, {}
    for row in rows(raw / "ucdp_dyadic_251.csv"):
        dyad, year = row["dyad_id"], int(row["year"])
        fought[dyad].add(year)
        if row["intensity_level"] == "2":
            war[dyad].add(year)
        if row["start_date2"]:
            reached[dyad, year] = day_of(row["start_date2"])
    for row in rows(raw / "ucdp_termination_dyad_3_2021.csv"):
        if row["ependdate"] not in ("", "."):
            end = day_of(row["ependdate"])
            exact = float(row["ependprec"]) < 5
            ended[row["dyad_id"], end.year] = end if exact else None
    return fought, war, reached, ended


def linked_texts(signed, texts):
    """The texts of every agreement: by id, else the only one of the conflict within 31 days."""
    by_id = defaultdict(list)
    for text in texts:
        if text["UcdpAgr"] and text["AgtId"] not in WRONG_IDS:
            by_id[whole(text["UcdpAgr"])].append(text)
    ids = {row["paid"] for row in signed}
    taken = {text["AgtId"] for paid in ids for text in by_id[paid]}
    for row in signed:
        if by_id[row["paid"]]:
            continue
        near = []
        for text in texts:
            free = text["AgtId"] not in taken and text["Stage"] != "Oth"
            same = whole(text["UcdpCon"]) in row["conflict_id"].split(", ")
            apart = abs((day_of(text["Dat"]) - day_of(row["pa_date"])).days)
            if free and same and apart <= 31:
                near.append(text)
        by_id[row["paid"]] = near if len(near) == 1 else []
    return by_id


def scored_texts(row, own, texts):
    """The linked texts, and those of their process and conflict of the year before."""
    if not own:
        return []
    conflicts = set(row["conflict_id"].split(", "))
    conflicts |= {whole(text["UcdpCon"]) for text in own if text["UcdpCon"]}
    processes = {text["PP"] for text in own}
    signed = day_of(row["pa_date"])
    out = {text["AgtId"]: text for text in own}
    for text in texts:
        inside = signed - timedelta(365) <= day_of(text["Dat"]) <= signed
        same = text["PP"] in processes and whole(text["UcdpCon"]) in conflicts
        if inside and same and text["Stage"] != "Oth":
            out[text["AgtId"]] = text
    return list(out.values())


def variables(raw):
    """A row an agreement, and its scored texts."""
    fought, war, reached, ended = dyads(raw)
    signed = rows(raw / "ucdp_peace_agreements_221.csv")
    texts = rows(raw / "pax_v10.csv")
    links = linked_texts(signed, texts)
    out, scored = [], {}
    for row in signed:
        own, t0, signature = row["dyad_id"].split(", "), int(row["year"]), day_of(row["pa_date"])
        before, after, over, unknown = set(), set(), False, False
        wars = set()
        for dyad in own:
            before |= {year for year in fought[dyad] if year < t0}
            after |= {year for year in fought[dyad] if t0 < year <= t0 + 5}
            wars |= {year for year in war[dyad] if t0 - 10 <= year < t0}
            start = reached.get((dyad, t0))
            if start is not None and start.year == t0:
                if start < signature:
                    before.add(t0)
                else:
                    over = True
            if (dyad, t0) in ended:
                end = ended[dyad, t0]
                unknown |= end is None
                over |= end is not None and end > signature
        scored[row["paid"]] = scored_texts(row, links[row["paid"]], texts)
        complete = t0 + 5 <= LAST_YEAR
        found = {
            "case_id": row["paid"],
            "date": row["pa_date"],
            "t0": t0,
            "dyads": " ".join(own),
            "linked": int(bool(links[row["paid"]])),
            "pages": sum(int(text["Lgt"]) for text in scored[row["paid"]]),
            "active": int(bool(before & {t0 - 1, t0})),
            "war_years": len(wars),
            "eligible": int(any(t0 - 5 <= year <= t0 for year in before)),
            "complete": int(complete),
            "lasting_peace": int(not after) if complete else "",
            "fought_over": 1 if over else "" if unknown else 0,
            "territory": int(bool({"1", "3"} & set(row["incompatibility"].split(", ")))),
            "full_agreement": int(row["pa_type"] == "1"),
            "n_dyads": len(own),
            "decade": (t0 - 2000) / 10,
            "opening": 0,
        }
        out.append(found)
    last = {}
    for row in sorted(out, key=lambda r: (r["date"], r["case_id"])):
        own = row["dyads"].split()
        free = all(row["t0"] > last.get(dyad, -math.inf) + 5 for dyad in own)
        if row["linked"] and row["eligible"] and free:
            row["opening"] = 1
            for dyad in own:
                last[dyad] = row["t0"]
    return sorted(out, key=lambda r: r["case_id"]), scored


def scores(cases, scored, studies):
    """Share of the indicators of each pillar that any scored text has, from the topics of PA-X; the
    code for third parties is the stored one."""
    book = tomllib.loads((studies / "peace_agreements/codebook.toml").read_text(encoding="utf-8"))
    third = {}
    for row in rows(studies / "signing_dyads/codings.csv"):
        if row["indicator_id"] == "third_party":
            third[row["case_id"]] = float(row["code"])
    out = {}
    for case in cases:
        name = case["case_id"]
        out[name] = {}
        for entry in book["entries"]:
            if entry.get("role", "pillar") != "pillar" or not entry.get("indicators"):
                continue
            present = []
            for indicator in entry["indicators"]:
                if indicator["id"] == "third_party":
                    present.append(third[name] > 0)
                    continue
                topics = indicator["columns"]
                present.append(any(float(t[c] or 0) > 0 for t in scored[name] for c in topics))
            out[name][entry["id"]] = sum(present) / len(present)
    return out


def column(cases, name, pillars):
    if name == "Intercept":
        return [1.0 for _ in cases]
    if name == "log_pages":
        return [math.log(case["pages"]) for case in cases]
    if name in CONTROLS:
        return [float(case[name]) for case in cases]
    if name == "breadth":
        x = [sum(pillars[case["case_id"]][p] for p in PILLARS) / 7 for case in cases]
    else:
        x = [pillars[case["case_id"]][name] for case in cases]
    mean = sum(x) / len(x)
    spread = math.sqrt(sum((value - mean) ** 2 for value in x) / (len(x) - 1))
    return [(value - mean) / spread for value in x]


def modified_scores(X, y, beta):
    """Information, and each case's part of the score of the penalised likelihood (Firth 1993)."""
    p = 1 / (1 + np.exp(-X @ beta))
    w = p * (1 - p)
    information = (X.T * w) @ X
    leverage = w * (X * np.linalg.solve(information, X.T).T).sum(axis=1)
    return information, X * (y - p + leverage * (0.5 - p))[:, None]


def firth(X, y):
    """The root of the modified score, by short steps of the information."""
    beta = np.zeros(X.shape[1])
    for _ in range(5000):
        information, each = modified_scores(X, y, beta)
        move = np.linalg.solve(information, each.sum(axis=0))
        beta = beta + move * min(1.0, 0.5 / np.abs(move).max())
        if np.abs(move).max() < 1e-13:
            return beta
    raise SystemExit("no root of the modified score")


def clustered(X, y, beta, groups):
    """Inverse information around the sums of the modified scores by cluster, times G/(G-1)."""
    information, each = modified_scores(X, y, beta)
    labels = sorted(set(groups))
    meat = np.zeros(information.shape)
    for label in labels:
        total = each[[group == label for group in groups]].sum(axis=0)
        meat += np.outer(total, total)
    inverse = np.linalg.inv(information)
    return inverse @ meat @ inverse * len(labels) / (len(labels) - 1)


def fits(cases, pillars, cluster):
    y = np.array([float(case["lasting_peace"]) for case in cases])
    groups = [cluster[case["case_id"]] for case in cases]
    for model, focal in (("breadth", ("breadth",)), ("pillars", PILLARS)):
        names = ["Intercept", *focal, *CONTROLS]
        X = np.array([column(cases, name, pillars) for name in names]).T
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


def main(raw, studies):
    found, scored = variables(raw)
    write(HERE / "variables.csv", found)
    cluster = {row["case_id"]: row["country"] for row in rows(studies / "signing_dyads/cases.csv")}
    cases = [row for row in found if row["opening"] and row["complete"]]
    table = []
    for row in fits(cases, scores(cases, scored, studies), cluster):
        numbers = {name: f"{row[name]:.12g}" for name in ("estimate", "std_error", "p")}
        table.append(row | numbers)
    write(HERE / "fits.csv", table)
    digest = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    (HERE / "signatures.sha256").write_text(digest + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
