"""Spoils small files of every format that the project reads,
and counts what its readers make of them.

A mutation is known by its format and its seed. Each is read in a process whose processor time (5
seconds a file) and memory (1 GB beyond what the imports take) are limited. What can come out:
``read``; ``refused`` with an error of the project; ``raw``, an error that is not the project's, or
a message with a control character; ``crash`` of the process; ``slow``; ``large``. The last four are
faults. SPSS files are read by a program of their own, which may end on a damaged file;
``contained`` counts that.

python mutations.py run <folder> <mutations a format> [formats] writes counts.csv and faults.csv
(format, seed, outcome). On the readers as they were before the limits the same seeds gave the
faults of before.csv, which a test reads again.
"""

import csv
import hashlib
import io
import os
import random
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path

HERE = Path(__file__).parent
SEEDS = HERE / "seeds"
FORMATS = (
    "csv",
    "tsv",
    "xlsx",
    "dta",
    "sav",
    "rds",
    "rda",
    "parquet",
    "study",
    "codebook",
    "package",
    "sheet_csv",
    "sheet_xlsx",
)
TEXTS = {"csv", "tsv", "study", "codebook", "package", "sheet_csv"}
OUTCOMES = ("read", "refused", "contained", "raw", "crash", "slow", "large")
FAULTS = OUTCOMES[3:]
SECONDS, BYTES = 5, 2**30
WORDS = [
    b"",
    b'"',
    b'""',
    b",",
    b";",
    b"\t",
    b"\n",
    b"\r",
    b"\r\n",
    b"\x00",
    b"\x1b[2J",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    "\u00e9".encode(),
    "e\u0301".encode(),
    "\u0661\u0662".encode(),
    "\uff11\uff12".encode(),
    b"1e999",
    b"-0",
    b"nan",
    b"inf",
    b"=1+1",
    b"1,5",
    b"0001-01-01",
    b"9999-12-31",
    b"10000-01-01",
    b"9" * 400,
    b"a.b.c" * 40,
    b"[" * 2000,
    b"{" * 2000,
    b"(" * 200,
    b"\\",
    b"../",
    b"_x001B_",
    b"true",
    b"null",
    b"([A-Za-z]+[^!]*)+!",
]
NUMBERS = [
    0,
    1,
    2,
    127,
    128,
    255,
    256,
    32767,
    65535,
    65536,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**53,
    2**63 - 1,
    2**64 - 1,
]
CONTROL = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f]")


def spoiled(data: bytes, other: bytes, rng: random.Random, text: bool) -> bytes:
    """One or two changes of the bytes: bits, cuts, chunks moved or taken
    from another file, words or lengths put in.
    """
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 1, 2])):
        at = rng.randrange(len(out) + 1)
        end = min(len(out), at + rng.choice([1, 2, 4, 8, 64, 512]))
        change = rng.choice([0, 0, 0, 1, 2, 3, 4, 5, 6, 6, 6])
        if change == 0 and at < len(out):
            out[at] ^= 1 << rng.randrange(8)
        elif change == 1:
            del out[at if rng.random() < 0.3 else end - 1 :]
        elif change == 2:
            del out[at:end]
        elif change == 3:
            begin = rng.randrange(len(other) + 1)
            out[at:end] = other[begin : begin + rng.choice([1, 4, 16, 128])]
        elif change == 4:
            where = rng.randrange(len(out) + 1)
            out[where:where] = out[at:end]
        elif change == 5 or text:
            word = rng.choice(WORDS)
            out[at : at + rng.choice([0, 0, 1, len(word)])] = word
        else:
            size = rng.choice([1, 2, 4, 8])
            number = rng.choice(NUMBERS) % 256**size
            out[at : at + size] = number.to_bytes(size, rng.choice(["little", "big"]))
    return bytes(out)


def in_parts(data: bytes, other: bytes, rng: random.Random) -> bytes:
    """A workbook with one spoiled part, packed again so that the sums of the archive are right."""
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(io.BytesIO(other)) as strange:
        parts = {name: old.read(name) for name in old.namelist()}
        taken = strange.read(rng.choice(strange.namelist()))
    name = rng.choice(
        [n for n in parts if "sheet" in n or "styles" in n or "String" in n or "workbook" in n]
    )
    parts[name] = spoiled(parts[name], taken, rng, text=True)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as new:
        for part, content in parts.items():
            new.writestr(zipfile.ZipInfo(part, (1980, 1, 1, 0, 0, 0)), content)
    return out.getvalue()


def mutation(form: str, seed: int) -> tuple[str, bytes]:
    """The name and the bytes of a spoiled file; 0, -1, -2 ... are the files as they are."""
    rng = random.Random(f"{form}:{seed}")
    files = sorted(p for p in (SEEDS / form).iterdir() if p.name != "cases.csv")
    if seed <= 0:
        return files[-seed % len(files)].name, files[-seed % len(files)].read_bytes()
    path, other = rng.choice(files), rng.choice(files)
    data, strange = path.read_bytes(), other.read_bytes()
    if "xlsx" in form and rng.random() < 0.8:
        return path.name, in_parts(data, strange, rng)
    return path.name, spoiled(data, strange, rng, form in TEXTS)


def read(form: str, folder: Path, name: str) -> list[object]:
    """Read the file as its format is read; gives what would be shown beside the result."""
    from peacestudy.coding.sheets import read_sheet
    from peacestudy.core.codebook import read_codebook
    from peacestudy.errors import SourceError
    from peacestudy.outcomes import read_file
    from peacestudy.study.load import read_config
    from peacestudy.study.package import read_package

    if form.startswith("sheet_"):
        return list(
            read_sheet(folder / name, read_codebook(SEEDS / "codebook" / "codebook.toml")).notes
        )
    if form == "codebook":
        return [read_codebook(folder / name)]
    if form == "study":
        _, _, problems = read_config(folder)
    elif form == "package":
        shutil.copy(SEEDS / "package" / "cases.csv", folder)
        _, problems = read_package(folder)
    else:
        sheet = {"several": "second", "refused": "part", "openpyxl": "Sheet"}.get(
            name.split(".")[0].removeprefix("plain_")
        )
        found = read_file(folder / name, sheet=sheet)
        assert all(len(found.table[c]) == len(found.table) for c in found.table.columns)
        return [*found.notes, found, found.table.shape]
    if problems:
        raise SourceError("problems", problems)
    return []


def outcome(form: str, seed: int) -> tuple[str, str]:
    """What comes out of one mutation in this process, and the message."""
    from peacestudy.errors import PeacestudyError

    with tempfile.TemporaryDirectory() as place:
        name, data = mutation(form, seed)
        (Path(place) / name).write_bytes(data)
        try:
            said = [str(n) for n in read(form, Path(place), name)]
        except PeacestudyError as err:
            message = str(err)
            cause: BaseException | None = err
            while cause is not None:
                if isinstance(cause, MemoryError) or "MemoryError" in str(cause):
                    return "large", message
                cause = cause.__cause__
            if CONTROL.search(message):
                return "raw", "a control character"
            ended = re.search(r"ended on it with signal (\d+)", message)
            if ended:
                return ("slow" if int(ended[1]) == signal.SIGPROF else "contained"), message
            return "refused", message
        except MemoryError as err:
            return "large", repr(err)
        except BaseException as err:
            return "raw", f"{type(err).__name__}: {err}"
    return (
        ("raw", "a control character")
        if any(CONTROL.search(text) for text in said)
        else ("read", "")
    )


def limited() -> None:
    """Limit the memory of this process, and end it when a file takes too long."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, signal.SIG_DFL)


def forked() -> None:
    """Have the program that reads SPSS files run in a fork of this
    process: starting Python 3,000 times takes an hour.
    """
    import pyreadstat  # noqa: F401

    from peacestudy.outcomes.files import spss_file, spss_process

    def run(path: Path, folder: str) -> None:
        child = os.fork()
        if child == 0:
            signal.setitimer(signal.ITIMER_PROF, SECONDS)
            spss_process.main(str(path), folder, spss_file.MAX_CELLS)
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status:
            raise spss_file.SourceError(
                f"the SPSS library ended on it with signal {os.WTERMSIG(status)}"
            )

    spss_file._run = run


def work(form: str, first: int, last: int) -> None:
    """Read mutations one after the other, and say of each that it begins and what came out."""
    for seed in range(-5, 1):  # imports what it needs, before the memory is limited
        outcome(form, seed)
    if form == "sav":
        forked()
    limited()
    for seed in range(first, last):
        print(f"begin {seed}", flush=True)
        signal.setitimer(signal.ITIMER_PROF, SECONDS)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found, message = outcome(form, seed)
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(f"end {seed} {found} {message[:300]!r}", flush=True)


def tally(form: str, first: int, last: int) -> list[tuple[int, str, str]]:
    """Seed, outcome and message of mutations, by processes that are started anew when one ends."""
    out: list[tuple[int, str, str]] = []
    while first < last:
        command = [
            sys.executable,
            str(Path(__file__).resolve()),
            "work",
            form,
            str(first),
            str(last),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        for line in done.stdout.splitlines():
            word, seed, *rest = line.split(" ", 3)
            if word == "end":
                out.append((int(seed), rest[0], rest[1]))
        ended = {seed for seed, _, _ in out}
        begun = [
            int(line.split(" ")[1])
            for line in done.stdout.splitlines()
            if line.startswith("begin ")
        ]
        if begun and begun[-1] not in ended:
            slow = done.returncode in (-signal.SIGPROF, -signal.SIGALRM)
            out.append(
                (
                    begun[-1],
                    "slow" if slow else "crash",
                    f"status {done.returncode} {done.stderr[-200:]!r}",
                )
            )
        elif not begun:
            raise RuntimeError(done.stderr)
        first = begun[-1] + 1
    return out


def run(number: int, forms: list[str], out: Path) -> None:
    """Read so many mutations of each format; write the counts
    of these formats and the faults found.
    """
    counts, faults = stored(out / "counts.csv"), stored(out / "faults.csv")
    faults = [row for row in faults if row["format"] not in forms]
    for form in forms:
        found = tally(form, 1, number + 1)
        row = {what: str(sum(o == what for _, o, _ in found)) for what in OUTCOMES}
        counts = [r for r in counts if r["format"] != form] + [
            {"format": form, "mutations": str(len(found)), **row}
        ]
        print(form, row, flush=True)
        for seed, what, message in found:
            if what in FAULTS:
                faults.append({"format": form, "seed": str(seed), "outcome": what})
                print("   ", seed, what, message, flush=True)
    counts.sort(key=lambda row: FORMATS.index(row["format"]))
    for name, header, rows in (
        ("counts", ["format", "mutations", *OUTCOMES], counts),
        ("faults", ["format", "seed", "outcome"], faults),
    ):
        with (out / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, header, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    (out / "script.sha256").write_text(script_hash() + "\n")


def stored(path: Path) -> list[dict[str, str]]:
    """The rows of a table that was written before."""
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def script_hash() -> str:
    """The hash of this script and of every seed file, which stands beside the counts."""
    files = [Path(__file__), *sorted(p for p in SEEDS.rglob("*") if p.is_file())]
    return hashlib.sha256(b"".join(p.name.encode() + p.read_bytes() for p in files)).hexdigest()


if __name__ == "__main__":
    if sys.argv[1] == "work":
        work(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    else:
        run(int(sys.argv[3]), sys.argv[4:] or list(FORMATS), Path(sys.argv[2]))
