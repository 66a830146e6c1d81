"""The coder's form in a real browser: three cases coded, the kernel killed, nothing lost.

Not part of the ordinary run: it starts a JupyterLab on loopback and
Chromium, and takes a minute. Ask for it with

    PEACESTUDY_BROWSER=1 python -m pytest tests/browser

It needs the notebook extra, ``pip install playwright`` (its own browsers are not needed) and
Chromium at ``/usr/bin/chromium`` or where ``CHROMIUM`` says. ``PEACESTUDY_SHOTS=folder`` keeps
pictures of the screen.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from peacestudy.coding import blank_sheet, read_sheet

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WAIT = 60_000  # milliseconds for one thing to appear on a loaded machine
HOSTILE = "<img src=x onerror='window.hurt=1'><script>window.hurt=2</script>"
BOOK_SOURCE = f"""
from peacestudy.core.codebook import Code, Codebook, Indicator, Pillar, Scale
codes = (
    Code(0, "absent", "Nothing is said. {HOSTILE.replace('"', "'")}"),
    Code(1, "present {HOSTILE}", "Something is said."),
)
asked = Indicator(
    "mediation", "Mediation", "Is a mediator named?", "m", "s", "because", "political", "promise",
    1,
    level="ordinal", codes=codes,
)
book = Codebook("small", "Small", "1.0", "share", {{}}, (Scale("s", "ordinal", codes),),
                (Pillar("talks", "Talks", "t", "h", "s", indicators=(asked,)),))
"""
TEXTS = {f"case_{n}": f"Source text of case {n}. {HOSTILE}" for n in range(1, 6)}

pytestmark = [
    pytest.mark.skipif(
        not os.environ.get("PEACESTUDY_BROWSER"),
        reason="a minute in a browser: set PEACESTUDY_BROWSER=1 to run it",
    ),
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason=f"there is no Chromium at {CHROMIUM}"),
]


def book():
    known = {}
    exec(BOOK_SOURCE, known)
    return known["book"]


def notebook(folder: Path, suffix: str) -> None:
    cells = [
        "import os, peacestudy as ps\nprint('kernel', os.getpid(), 'runs')",
        BOOK_SOURCE + f"texts = {TEXTS!r}",
        (
            "from peacestudy.coding.sheets import form,"
            f" read_sheet\nform(read_sheet('ann.{suffix}', book), texts=texts)"
        ),
    ]
    made = {
        "cells": [
            {
                "cell_type": "code",
                "id": f"c{n}",
                "metadata": {},
                "source": text,
                "outputs": [],
                "execution_count": None,
            }
            for n, text in enumerate(cells)
        ],
        "metadata": {
            "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (folder / "coding.ipynb").write_text(json.dumps(made))


@pytest.fixture
def lab(tmp_path):
    """A JupyterLab on loopback that serves a folder, its settings kept in that folder too."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    place = tmp_path / "served"
    place.mkdir()
    own = {
        f"JUPYTER_{name}_DIR": str(tmp_path / name.lower())
        for name in ("CONFIG", "DATA", "RUNTIME")
    }
    own |= {
        "JUPYTERLAB_SETTINGS_DIR": str(tmp_path / "s"),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "w"),
        "IPYTHONDIR": str(tmp_path / "i"),
    }
    paths = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        "--no-browser",
        "--allow-root",
        "--ip=127.0.0.1",
        f"--port={port}",
        "--ServerApp.port_retries=0",
        "--IdentityProvider.token=",
        "--ServerApp.password=",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        f"--ServerApp.root_dir={place}",
    ]
    with (tmp_path / "lab.log").open("w") as log:
        running = subprocess.Popen(
            command,
            env={**os.environ, **own, "PYTHONPATH": paths},
            stdout=log,
            stderr=log,
            cwd=place,
        )
        address = f"http://127.0.0.1:{port}"
        try:
            for _ in range(240):
                try:
                    urllib.request.urlopen(f"{address}/api", timeout=2).read()
                    break
                except OSError:
                    assert running.poll() is None, (tmp_path / "lab.log").read_text()[-3000:]
                    time.sleep(0.5)
            yield address, place
        finally:
            running.terminate()
            running.wait(30)


@pytest.fixture
def page():
    api = pytest.importorskip("playwright.sync_api", reason="pip install playwright")
    with api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        screen = browser.new_page(viewport={"width": 1300, "height": 1500})
        screen.set_default_timeout(WAIT)
        yield screen
        browser.close()


def picture(page, name):
    folder = os.environ.get("PEACESTUDY_SHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"form_{name}.png"))


def run_all(page):
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.wait_for_timeout(3000)  # the menu is built anew when the notebook is there
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.get_by_text("of 5 done").wait_for()


def answer(page, code, locator, comment=""):
    page.get_by_role("radio").nth(code + 1).click()
    page.get_by_label("Locator").fill(locator)
    if comment:
        page.get_by_label("Comment").fill(comment)
    page.get_by_role("button", name="Next open", exact=True).click()


def kernel(page):
    text = page.locator(".jp-OutputArea-output", has_text="kernel").first.inner_text()
    return int(text.split()[1])


def coded(place, suffix):
    table = read_sheet(place / f"ann.{suffix}", book()).latest()
    return (
        table[["case_id", "code", "locator", "comment"]]
        .astype(object)
        .where(table.notna(), None)
        .values.tolist()
    )


@pytest.mark.parametrize("suffix", ["csv", "xlsx"])
def test_three_cases_are_coded_the_kernel_is_killed_and_nothing_is_lost(lab, page, suffix):
    address, place = lab
    blank_sheet(book(), list(TEXTS), "ann", path=place / f"ann.{suffix}")
    notebook(place, suffix)
    page.goto(f"{address}/lab/tree/coding.ipynb?reset")
    page.get_by_role("menuitem", name="Run", exact=True).wait_for()
    run_all(page)
    picture(page, f"1_open_{suffix}")
    assert page.get_by_text("0 of 5 done; this is 1 of 5").is_visible()
    assert page.locator(".jp-OutputArea").get_by_text("Source text of case 1").is_visible()

    answer(page, 1, "art. 1", "=1+1 and 'no'")
    page.get_by_text("1 of 5 done; this is 2 of 5").wait_for()
    answer(page, 0, "art. 2")
    page.get_by_text("2 of 5 done; this is 3 of 5").wait_for()
    page.get_by_role("radio").nth(2).click()
    page.get_by_text("3 of 5 done; this is 3 of 5").wait_for()
    page.get_by_text(f"Saved in ann.{suffix}").wait_for()
    picture(page, f"2_three_coded_{suffix}")

    os.kill(kernel(page), signal.SIGKILL)
    three = [
        ["case_1", 1, "art. 1", "=1+1 and 'no'"],
        ["case_2", 0, "art. 2", None],
        ["case_3", 1, None, None],
    ]
    assert coded(place, suffix) == three
    dead = kernel(page)
    page.wait_for_timeout(5000)  # the server notices the death and starts another
    picture(page, f"3_killed_{suffix}")
    for name in ("Restart", "Ok", "OK", "Dismiss"):
        button = page.get_by_role("button", name=name, exact=True)
        if button.count() and button.first.is_visible():
            button.first.click()

    page.reload()
    page.get_by_role("menuitem", name="Run", exact=True).wait_for()
    run_all(page)
    page.get_by_text("3 of 5 done; this is 4 of 5").wait_for()
    assert kernel(page) != dead
    page.get_by_role("button", name="Back", exact=True).click()
    page.get_by_text("3 of 5 done; this is 3 of 5").wait_for()
    assert page.get_by_role("radio").nth(2).is_checked()
    picture(page, f"4_resumed_{suffix}")
    page.get_by_role("button", name="Next", exact=True).click()
    page.get_by_text("3 of 5 done; this is 4 of 5").wait_for()
    # of the new case
    page.wait_for_function("document.querySelector('.jp-OutputArea input[type=radio]').checked")
    page.get_by_role("radio").nth(1).click()
    page.get_by_text("4 of 5 done; this is 4 of 5").wait_for()
    page.get_by_text(f"Saved in ann.{suffix}").wait_for()
    assert coded(place, suffix) == [*three, ["case_4", 0, None, None]]
    assert page.evaluate("window.hurt") is None  # texts, anchors and labels ran nothing
    assert page.locator(".jp-OutputArea-output img[src='x']").count() == 0
