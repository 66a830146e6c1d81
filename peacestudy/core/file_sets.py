"""Writing files: one, or several that belong together, whole or not at all.

Every part is staged in a temporary file beside its target and flushed to the disk before the first
target is replaced, so a full disk or a read-only folder changes nothing. A process that is killed
between two replacements can still leave old and new parts side by side. Whoever reads a set
therefore checks it: labels carry the hash of their data (``peacestudy.outcomes.files.labels``), and
a figure has a stamp that names the hash of each part (``peacestudy.study.make``).
"""

import errno
import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from filelock import Timeout

from peacestudy.errors import PeacestudyError, SourceError

_REMEDIES = {
    errno.ENOSPC: "The disk is full: free some space, or write to another folder.",
    errno.EDQUOT: "The quota of the disk is used up: free some space, or write to another folder.",
    errno.EROFS: "The disk is read-only: write to another folder.",
    errno.EACCES: "Check the permissions, or write to another folder.",
    errno.EPERM: "Check the permissions, or write to another folder.",
    errno.ENOTDIR: "A part of the path is a file: check the path.",
    errno.EEXIST: "A part of the path is a file: check the path.",
    errno.EISDIR: "The path is a folder: give the path of a file.",
    errno.ENAMETOOLONG: "The name is too long: choose a shorter one.",
}


def write_files(parts: Mapping[Path, bytes], error: type[PeacestudyError] = SourceError) -> None:
    """Write files that belong together; all are staged before the first is replaced.

    Parameters
    ----------
    parts : contents by path, replaced in this order.
    error : the class of the error that is raised.

    Raises
    ------
    PeacestudyError
        A file cannot be written, of the class ``error``. If that
        happens while staging, no file has changed.
    """
    staged: dict[Path, Path] = {}
    path = Path()
    try:
        for path, data in parts.items():
            staged[path] = _stage(path, data)
        for path, temporary in staged.items():
            temporary.replace(path)
    except OSError as err:
        raise cannot_write(path, err, error) from err
    finally:
        for temporary in staged.values():
            temporary.unlink(missing_ok=True)
    for folder in {path.parent for path in parts}:
        flush_folder(folder)


@contextmanager
def writing(path: Path, error: type[PeacestudyError] = SourceError) -> Iterator[None]:
    """Turn an error of the system into one of ours while a path is written."""
    try:
        yield
    except Timeout:  # a lock that others hold is an OSError too, and has its own sentence
        raise
    except OSError as err:
        raise cannot_write(path, err, error) from err


def cannot_write(
    path: Path, err: OSError, error: type[PeacestudyError] = SourceError
) -> PeacestudyError:
    """The error of ours for an error of the system while
    writing: the file, the cause, and what to do.
    """
    remedy = _REMEDIES.get(err.errno or 0, "Check the folder and the disk.")
    return error(f"{path} cannot be written: {err.strerror or err}. {remedy}")


def _stage(path: Path, data: bytes) -> Path:
    """A temporary file beside the target, with the data on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".staged.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        temporary.chmod(0o644)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return temporary


def flush_folder(folder: Path) -> None:
    """Make renamed files survive a power cut, where the system
    offers that; the files are in place already.
    """
    if not hasattr(os, "O_DIRECTORY"):  # not on Windows
        return
    try:
        handle = os.open(folder, os.O_DIRECTORY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass
    finally:
        os.close(handle)
