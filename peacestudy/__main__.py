"""The command line: one function a subcommand. ``python -m peacestudy -h`` lists them."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from peacestudy.core.file_sets import cannot_write
from peacestudy.errors import PeacestudyError, printable


def check(study: str) -> int:
    """Check a study and print every problem."""
    from peacestudy.study import check as check_study

    problems = check_study(study)
    for p in problems.itertuples():
        print(printable(f"{p.file}:{p.line}:{p.column}: {p.value!r}: {p.rule}; {p.remedy}"))
    print(f"{study}: {len(problems)} problem(s)")
    return int(len(problems) > 0)


def data(study: str, raw: str) -> int:
    """Build a study's tables from the source files, or say which
    files are missing and from whom to get them.
    """
    from peacestudy.study.build import build_study, missing

    folder = Path(raw) if raw else None
    lines = missing(study, folder)
    if lines:
        where = (
            f"{len(lines)} source file(s) are not in {raw}"
            if raw
            else "The source files are not part of the project"
        )
        print(
            f"{where}. Get these, save them in one folder under these names, and run: make data"
            " RAW=that/folder"
        )
        print(*(f"  {line}" for line in lines), sep="\n")
        return 1
    for line in build_study(study, Path(raw)):
        print(line)
    return 0


def vintages(study: str, raw: str) -> int:
    """Compare a study on several releases of its sources, and
    write which cases and findings change.
    """
    from peacestudy.study.build import write_vintages

    for line in write_vintages(study, Path(raw) if raw else None):
        print(line)
    return 0


def update_hashes(study: str) -> int:
    """Write the hashes of a study's tables after an intended change."""
    from peacestudy.study.build import update_hashes as write_hashes

    print(f"wrote {write_hashes(study)}")
    return 0


def forecast(study: str) -> int:
    """Freeze the declared forecasts in a file of today; earlier files are left as they are."""
    from peacestudy.study.forecasts import declared_entry, freeze_forecasts

    path = freeze_forecasts(study)
    print(f"wrote {path}; write in study.toml:\n\n{declared_entry(path)}")
    print(f"and run: python -m peacestudy update-hashes {study}")
    return 0


def results(study: str, out: str) -> int:
    """Compute every result of a study and write it as CSV."""
    from peacestudy.study.make import write_results

    for line in write_results(study, Path(out)):
        print(line)
    return 0


def figure(study: str, name: str, results: str, out: str) -> int:
    """Draw one figure from the results: PDF, PNG and the CSV of what is drawn."""
    from peacestudy.study.make import write_figure

    print(write_figure(study, name, Path(results), Path(out)))
    return 0


def tables(study: str, results: str, out: str) -> int:
    """Write every table as Markdown, HTML and LaTeX."""
    from peacestudy.study.make import write_tables

    for line in write_tables(study, Path(results), Path(out)):
        print(line)
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand; returns the exit status."""
    parser = argparse.ArgumentParser(
        prog="peacestudy", description="Comparative case studies of partnerships for peace."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    arguments: dict[str, tuple[str, ...]] = {
        "check": (),
        "data": ("--raw",),
        "vintages": ("--raw",),
        "update-hashes": (),
        "forecast": (),
        "results": ("--out",),
        "figure": ("name", "--results", "--out"),
        "tables": ("--results", "--out"),
    }
    subcommands = (check, data, vintages, update_hashes, forecast, results, figure, tables)
    functions = {f.__name__.replace("_", "-"): f for f in subcommands}
    for name, extra in arguments.items():
        command = commands.add_parser(name, help=(functions[name].__doc__ or "").splitlines()[0])
        command.add_argument("study", help="name of a study, or its folder")
        for argument in extra:
            if argument == "--raw":
                command.add_argument(argument, default="")
            elif argument.startswith("-"):
                command.add_argument(argument, required=True)
            else:
                command.add_argument(argument)
    options = vars(parser.parse_args(argv))
    try:
        return functions[options.pop("command")](**options)
    except PeacestudyError as err:
        print(f"{type(err).__name__}: {err}", file=sys.stderr)
    except OSError as err:
        print(cannot_write(Path(err.filename or "."), err, PeacestudyError), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
