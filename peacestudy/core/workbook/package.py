"""The parts of a workbook, opened with care: a workbook comes by
mail, and may be damaged or made to do harm.

Nothing is unpacked to disk, no link is followed, no entity is expanded. Sizes are refused by what
the directory of the archive declares, before anything is inflated; zipfile inflates no more than is
declared, so a directory that lies about it is found out by the part's checksum.
"""

import io
import itertools
import re
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any
from xml.parsers import expat

from peacestudy.core.problems import repeated
from peacestudy.core.workbook.escapes import MAX_CELL
from peacestudy.errors import PeacestudyError, SourceError

MAX_INFLATED = 200 * 2**20  # bytes of all parts together
MAX_RATIO = 200  # to one, all parts together and each by itself; sheets reach some tens
# characters of one cell as the file writes them, a control character as seven
MAX_TEXT = 8 * MAX_CELL
MAX_PARTS = 2_000
MAX_ELEMENTS = 12_000_000
_NATURAL = re.compile(r"[0-9]{1,9}")
_OLE = b"\xd0\xcf\x11\xe0"
_CHUNK = 2**20
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    OSError,
    ValueError,
    LookupError,
)


@dataclass(frozen=True)
class Package:
    """An open workbook archive.

    Attributes
    ----------
    file : name used in errors.
    archive : the archive, in memory.
    error : class of the errors to raise, the stage that reads.
    """

    file: str
    archive: zipfile.ZipFile
    error: type[PeacestudyError] = SourceError

    def has(self, part: str) -> bool:
        """Whether the archive has a part of this name."""
        return part in self.archive.NameToInfo

    def parse(
        self,
        part: str,
        start: Callable[..., Any],
        end: Callable[..., Any],
        text: Callable[..., Any],
    ) -> None:
        """Feed a part to handlers of XML events: elements and
        attributes by their names without namespaces.

        ``start``, ``end`` and ``text`` are handlers as those of ``xml.parsers.expat``; a ValueError
        or LookupError of theirs means that the part is damaged.

        Raises
        ------
        error
            The part is missing, damaged, declares a document type, is no
            XML, or has a cell longer than any cell.
        """
        if part not in self.archive.NameToInfo:
            raise self.error(
                f"{self.file} lacks its part {part}: it is damaged. Ask for the file again."
            )
        parser = self._parser(part, start, end, text)
        try:
            with self.archive.open(part) as stream:
                while chunk := stream.read(_CHUNK):
                    parser.Parse(chunk, False)
                parser.Parse(b"", True)
        except (expat.ExpatError, *_DAMAGED) as err:
            raise self.error(
                f"{self.file} is damaged in {part} ({err}). Ask for the file again."
            ) from err

    def _parser(
        self,
        part: str,
        start: Callable[..., Any],
        end: Callable[..., Any],
        text: Callable[..., Any],
    ) -> expat.XMLParserType:
        """A parser that calls the handlers, and refuses what no workbook holds."""
        parser = expat.ParserCreate(namespace_separator=" ")
        names: dict[str, str] = {}
        count = itertools.count(1)
        held = 0

        def local(name: str) -> str:
            return names.get(name) or names.setdefault(name, name.rpartition(" ")[2])

        def begin(name: str, attributes: dict[str, str]) -> None:
            nonlocal held
            held = 0 if local(name) in ("c", "si") else held
            if next(count) > MAX_ELEMENTS:
                raise self.error(
                    f"{self.file} has more than {MAX_ELEMENTS:,} elements in {part}. Do not"
                    " trust it."
                )
            start(
                local(name),
                {local(k): v for k, v in attributes.items()} if attributes else attributes,
            )

        def characters(data: str) -> None:
            nonlocal held
            held += len(data)
            if held > MAX_TEXT:
                raise self.error(
                    f"{self.file} has a text of more than {MAX_TEXT:,} characters in {part}, and a"
                    f" cell holds {MAX_CELL:,}. Do not trust it."
                )
            text(data)

        def refuse(*_: object) -> None:
            raise self.error(
                f"{self.file} declares a document type, which workbooks do not contain. Do"
                " not trust it."
            )

        parser.StartElementHandler = begin
        parser.EndElementHandler = lambda name: end(local(name))
        parser.CharacterDataHandler = characters
        parser.StartDoctypeDeclHandler = refuse
        parser.buffer_text = True
        return parser


def natural(text: str, what: str) -> int:
    """A number as a workbook writes one: digits of ASCII, no sign, no blank.

    Raises
    ------
    ValueError
        The text is anything else.
    """
    if not _NATURAL.fullmatch(text):
        raise ValueError(f"{what} {text!r}")
    return int(text)


def open_package(data: bytes, file: str, error: type[PeacestudyError] = SourceError) -> Package:
    """Open the archive of a workbook.

    Parameters
    ----------
    data : bytes of the file.
    file : name used in errors.
    error : class of the errors to raise, the stage that reads.

    Raises
    ------
    error
        The file is empty, encrypted, of another format, cut off, too large
        once inflated, or names parts outside itself.
    """
    if not data:
        raise error(f"{file} is empty. Ask for the file again.")
    if data[:4] == _OLE:
        raise error(
            f"{file} is protected with a password, or is an old .xls file. Save it as .xlsx without"
            " a password."
        )
    if data[:2] != b"PK":
        raise error(
            f"{file} is not a workbook, whatever its name. Save it as .xlsx, or name it .csv if it"
            " is one."
        )
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGED as err:
        raise error(f"{file} is cut off or damaged ({err}). Ask for the file again.") from err
    _check_parts(archive.infolist(), len(data), file, error)
    return Package(file, archive, error)


def _check_parts(
    infos: list[zipfile.ZipInfo], size: int, file: str, error: type[PeacestudyError]
) -> None:
    declared = sum(info.file_size for info in infos)
    dense = any(
        info.file_size > max(MAX_RATIO * info.compress_size, 2**20) for info in infos
    )  # whatever stands beside it
    if (
        declared > MAX_INFLATED
        or len(infos) > MAX_PARTS
        or declared > max(MAX_RATIO * size, 2**20)
        or dense
    ):
        raise error(
            f"{file} has {size / 2**20:,.1f} MB and holds {declared / 2**20:,.0f} MB in"
            f" {len(infos):,} parts; no more than {MAX_INFLATED / 2**20:.0f} MB in {MAX_PARTS:,}"
            f" parts are read, and {MAX_RATIO} times the size of file and part. Do not trust a"
            " file that hides so much; one that is truly so large is better split, or saved as"
            " CSV."
        )
    names = [info.filename for info in infos]
    outside = [n for n in names if n.startswith("/") or "\\" in n or ".." in PurePosixPath(n).parts]
    twice = repeated(names)
    if outside or twice:
        raise error(
            f"{file} names parts that no workbook has ({(outside + twice)[0]!r}). Do not trust it."
        )
    if any(info.flag_bits & 1 for info in infos):
        raise error(f"{file} is protected with a password. Save it without one.")
