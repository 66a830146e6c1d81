"""A coder's sheet as a form in a notebook: one cell at a time, saved
at each answer, taken up where one stopped.
"""

import importlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from html import escape
from threading import RLock
from typing import Any

import pandas as pd

from peacestudy.coding.coding import CONFIDENCE, READ_FIRST, CodingSheet, expect
from peacestudy.coding.sheets.answering import Answering, Value, begin, go, next_open, say
from peacestudy.coding.sheets.layout import TEXTS
from peacestudy.coding.sheets.read import read_sheet
from peacestudy.coding.sheets.saving import Saver, stamp
from peacestudy.coding.sheets.sheet import CoderSheet
from peacestudy.errors import CodingError

_NONE = ""  # the choice that gives no code, or no confidence
_TEXT = '<div style="white-space: pre-wrap; overflow-wrap: anywhere; {style}">{text}</div>'
_LABELS = {"source": "Source", "locator": "Locator", "comment": "Comment"}
_HINTS = {
    "source": "id of the source",
    "locator": "page, article, line",
    "comment": "anything a second coder should know",
}


def form(
    sheet: CodingSheet, *, texts: Mapping[str, str] | None = None, cases: pd.DataFrame | None = None
) -> "Form":
    """A form in which one coder fills their sheet, in Jupyter.

    The form shows a case with its source text, a question with the anchors of its codes, and fields
    for evidence, confidence and comment. Every answer is on disk before the form says that it is
    saved. If you run the cell again, also after the kernel was stopped, the form continues at the
    first open cell. It reads the sheet's own file again and shows no other coder's codes. Codes are
    chosen by mouse or touch, because JupyterLab reserves the arrow keys while a notebook is in
    command mode.

    Parameters
    ----------
    sheet : CodingSheet
        A sheet from ``read_sheet``; answers go into the file that it was read from.
    texts : mapping of str to str, optional
        Source text or note by case id; shown as plain text.
    cases : DataFrame, optional
        ``case_id, label``, where the sheet has no labels.

    Returns
    -------
    Form
        Shows itself as the last line of a cell; ``.sheet`` has what was coded so far.

    Raises
    ------
    CodingError
        The sheet was not read from a file, has codes of several coders, or asks nothing; ipywidgets
        is not installed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> book = ps.load_study("double_coding").codebook
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "ann.csv")
    ...     path = ps.coding.blank_sheet(book, ["a"], "ann", path=path, indicators=["terror"])
    ...     form = ps.coding.form(
    ...         ps.coding.read_sheet(path, book), texts={"a": "The report says ..."}
    ...     )
    ...     form.code.value = 2
    ...     answered = ps.coding.read_sheet(path, book)
    >>> answered.table[["case_id", "indicator_id", "code"]].values.tolist()
    [['a', 'terror', 2]]
    """
    expect(sheet, CodingSheet, READ_FIRST)
    if texts is not None and not isinstance(texts, Mapping):
        raise CodingError(
            f"texts is a {type(texts).__name__}; give the source text by case, as texts={{'case 1':"
            " 'In the town of ...'}."
        )
    if sheet.path is None:
        raise CodingError(
            "the form saves into a coder's file, and this sheet has none. Read it with"
            " ps.coding.read_sheet."
        )
    if not isinstance(sheet, CoderSheet):
        raise CodingError(
            "the form is for one coder, who sees no other's codes. Give the sheet that"
            " ps.coding.read_sheet reads from their file."
        )
    seen = stamp(sheet.path)
    state = begin(read_sheet(sheet.path, sheet.codebook))
    return Form(
        state,
        Saver(sheet.path, len(state.cells), seen, waiting=int(seen[1] > 0)),
        texts or {},
        _labels(state.sheet, cases),
    )


def _labels(sheet: CoderSheet, cases: pd.DataFrame | None) -> dict[str, str]:
    known = sheet.cases if cases is None else cases
    if known is None or "label" not in known.columns:
        return {}
    return {
        str(c): str(v)
        for c, v in zip(known["case_id"], known["label"], strict=True)
        if not pd.isna(v)
    }


def _widgets() -> Any:
    try:
        return importlib.import_module("ipywidgets")
    except ImportError as err:
        raise CodingError(
            "the form needs ipywidgets. Install it with: pip install 'peacestudy[notebook]'."
        ) from err


def _plain(text: str, style: str = "") -> str:
    """A text as HTML that shows it and does nothing else."""
    return _TEXT.format(style=style, text=escape(text))


class Form:
    """The form on the screen. What it knows stands in ``state``, and where it saves in ``saver``.

    Attributes
    ----------
    box : the widget that holds all others.
    code, confidence, source, locator, comment : the fields of the
        cell on the screen; each cell has its own.
    back, forward, skip, write : the buttons Back, Next, Next open, Write file.
    """

    def __init__(
        self, state: Answering, saver: Saver, texts: Mapping[str, str], labels: Mapping[str, str]
    ) -> None:
        w = self._w = _widgets()
        self.state, self.saver, self.texts, self.labels = state, saver, texts, labels
        self.progress, self.case, self.text, self.question, self.status = (
            w.HTML() for _ in range(5)
        )
        self._fields = w.VBox()
        self._older: list[Any] = []
        self._lock = RLock()
        names = {"back": "Back", "forward": "Next", "skip": "Next open", "write": "Write file"}
        self.back, self.forward, self.skip, self.write = (
            w.Button(description=text) for text in names.values()
        )
        self._unsaved: list[tuple[Answering, Answering]] = []
        self.back.on_click(lambda _: self._go(lambda now: go(now, now.at - 1)))
        self.forward.on_click(lambda _: self._go(lambda now: go(now, now.at + 1)))
        self.skip.on_click(lambda _: self._go(next_open))
        self.write.on_click(lambda _: self._write())
        self.box = self._laid_out()
        self._show()
        if saver.waiting:
            self._write("Answers that were not in the file yet were taken over. ")

    @property
    def sheet(self) -> CoderSheet:
        """What the coder wrote so far."""
        return self.state.sheet

    def _laid_out(self) -> Any:
        w = self._w
        reading = w.Layout(
            max_height="24em",
            overflow="auto",
            border="1px solid #999",
            padding="0 .7em",
            max_width="60em",
        )
        return w.VBox(
            [
                self.progress,
                self.case,
                w.Box([self.text], layout=reading),
                self.question,
                self._fields,
                w.HBox([self.back, self.forward, self.skip, self.write]),
                self.status,
            ]
        )

    def _ask(self, at: int) -> Any:
        """Fields of their own for a cell: what is typed in them is said of
        that cell, however late the message comes.

        JupyterLab may run the messages of widgets side by side and out of order, so a text could
        else arrive when the next case is on the screen already.
        """
        w = self._w
        indicator = self.state.sheet.codebook.indicators[self.state.cells[at][1]]
        answer = {name: _NONE if said is None else said for name, said in self.state.answer.items()}
        wide = w.Layout(width="auto", max_width="44em")
        codes = [
            ("no code yet", _NONE),
            *((f"{c.value} {c.label}", c.value) for c in indicator.codes),
        ]
        self.code = w.RadioButtons(
            options=codes, value=answer["code"], layout=w.Layout(width="auto")
        )
        choices = [("not said", _NONE), *((c, c) for c in CONFIDENCE)]
        self.confidence = w.Dropdown(
            description="Confidence", options=choices, value=answer["confidence"]
        )
        kinds = {"source": w.Text, "locator": w.Text, "comment": w.Textarea}
        self.source, self.locator, self.comment = (
            kinds[name](
                value=answer[name],
                description=_LABELS[name],
                placeholder=_HINTS[name],
                continuous_update=False,
                layout=wide,
            )
            for name in TEXTS
        )
        for name in ("code", "confidence", *TEXTS):
            getattr(self, name).observe(self._hear(at, name), "value")
        return [self.code, self.confidence, self.source, self.locator, self.comment]

    def _hear(self, at: int, name: str) -> Any:
        def changed(change: Mapping[str, Any]) -> None:
            with self._lock:
                self._said(at, name, change["new"])

        return changed

    def _said(self, at: int, name: str, value: Value) -> None:
        here = self.state.at
        before = self.state if at == here else go(self.state, at)
        after = say(before, **{name: value})
        if after is before:
            return
        self._unsaved.append((before, after))
        told = self._saved()
        self.state = after if at == here else go(after, here)
        self._count()
        self._tell(told)

    def _saved(self) -> str:
        """Put on disk what is not there yet, and say so; what cannot be
        saved now is tried again with the next answer.
        """
        told = ""
        try:
            while self._unsaved:
                told = self.saver.save(*self._unsaved[0])
                del self._unsaved[0]
        except CodingError as err:
            return f"NOT SAVED, {len(self._unsaved)} answer(s): {err}"
        return (
            f"{told} ({datetime.now(UTC):%H:%M:%S} UTC; a text is saved when you leave its field)"
        )

    def _go(self, where: Callable[[Answering], Answering]) -> None:
        with self._lock:
            self.state = where(self.state)
            self._show()

    def _write(self, before: str = "") -> None:
        with self._lock:
            try:
                self._tell(before + self.saver.write(self.state))
                self._unsaved.clear()
            except CodingError as err:
                self._tell(f"{before}The file was not written: {err}")

    def _show(self) -> None:
        """Bring the cell that the coder is at onto the screen."""
        case, name = self.state.cell
        indicator = self.state.sheet.codebook.indicators[name]
        label = self.labels.get(case, "")
        self.case.value = _plain(
            f"{case}: {label}" if label else case, "font-weight: bold; font-size: 1.15em"
        )
        self.text.value = _plain(self.texts.get(case, "(no source text was given for this case)"))
        anchors = "".join(
            f"<li><b>{c.value} {escape(c.label)}</b>: {escape(c.anchor)}</li>"
            for c in indicator.codes
        )
        self.question.value = (
            _plain(f"{indicator.name}. {indicator.question}", "font-weight: bold")
            + f"<ul>{anchors}</ul>"
        )
        for widget in self._older:
            widget.close()
        # not closed yet: what was typed last may still be on its way
        self._older = list(self._fields.children)
        self._fields.children = self._ask(self.state.at)
        self.back.disabled = self.state.at == 0
        self.forward.disabled = self.state.at == len(self.state.cells) - 1
        self._count()

    def _count(self) -> None:
        still, total = len(self.state.open), len(self.state.cells)
        self.skip.disabled = still == 0 or self.state.open == [self.state.at]
        self.progress.value = _plain(
            f"{self.state.sheet.coder}: {total - still} of {total} done; this is"
            f" {self.state.at + 1} of {total}"
        )

    def _tell(self, text: str) -> None:
        self.status.value = _plain(
            text, "color: #a00" if "NOT" in text or "not written" in text else ""
        )

    def _repr_mimebundle_(self, **more: Any) -> Any:
        return self.box._repr_mimebundle_(**more)
