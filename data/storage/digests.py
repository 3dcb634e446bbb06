"""SHA-256 of the files of a result, kept beside them, so that a file that was changed since is noticed.

The list is in the form of ``sha256sum``, which checks it too. It finds files that were edited, damaged or taken from elsewhere;
it proves nothing against whoever writes the list anew.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .atomic import write_file

DIGESTS = "digests.sha256"

LINE = re.compile(r"([0-9a-f]{64})  (.+)")

READ = ("*.json", "*.parquet", "case/*", "rows/*.parquet")
"""Files that a result is read from: one that the list does not name was added."""

COMING_AND_GOING = "rows/"
"""Files that are listed before they are there, and gathered later: a listed one may be missing."""

READ_OTHERWISE = (
    "its case is as it was written, but this version reads more from a case, or has other defaults, than the one that made the "
    "result; make it again where figures count"
)
"""Of a case whose files are the ones that were solved, though its digest is not."""

MOST_NAMED = 4
"""Files that a remark names before it counts."""


@dataclass(frozen=True)
class Check:
    """What the digests of a folder say.

    Attributes
    ----------
    listed
        Whether there is a list that can be read.
    changed, missing, added : tuple of str
        Files that are not what they were, that are no longer there, and that were not there.
    """

    listed: bool
    changed: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()

    def of_case(self, same: bool, changed: str) -> str | None:
        """What a reader should know of the case in the folder; None where it is the one that a result was made of.

        Parameters
        ----------
        same
            Whether it has the digest that the result names.
        changed
            What to say where its files are not, or may not be, as they were written.
        """
        if same:
            return None
        written = self.listed and not any(name.split("/")[0] == "case" for name in self.altered)
        return READ_OTHERWISE if written else changed

    @property
    def altered(self) -> tuple[str, ...]:
        """All files that are not as they were."""
        return (*self.changed, *self.missing, *self.added)

    @property
    def remark(self) -> str | None:
        """What a reader should know, in one sentence; None where everything is as it was written."""
        if not self.listed:
            return f"no readable {DIGESTS} is in it, so nothing shows whether its files were changed since they were written"
        ways = {"was changed": self.changed, "is missing": self.missing, "was added": self.added}
        said = [_said(names, words) for words, names in ways.items() if names]
        if not said:
            return None
        return f"{'; '.join(said)}, by its {DIGESTS}: figures in it are not to be trusted before it is made again"


def _said(names: Sequence[str], words: str) -> str:
    shown = list(names[:MOST_NAMED])
    if len(names) > MOST_NAMED:
        shown.append(f"{len(names) - MOST_NAMED} more")
    if len(names) > 1:
        words = words.replace("was ", "were ").replace("is ", "are ")
    return f"{' and '.join(filter(None, (', '.join(shown[:-1]), shown[-1])))} {words}"


def digest_of(content: bytes) -> str:
    """Return the SHA-256 of a content as 64 hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


def stream_digest(file: BinaryIO) -> str:
    """Return the SHA-256 of an open file, from its beginning, as 64 hexadecimal digits."""
    file.seek(0)
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]


def file_digest(path: Path) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return stream_digest(file)


def write_digests(folder: Path) -> None:
    """List the digests of all files of a folder."""
    names = sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name != DIGESTS
    )
    _write(folder, [(file_digest(folder / name), name) for name in names])


def add_digest(folder: Path, name: str, digest: str) -> None:
    """Add a line to the list of a folder, on the disk when this returns; nothing where there is no list.

    A line that a full disk or the end of the process tore is of no form and is passed over; the next one begins anew.
    """
    try:
        handle = os.open(folder / DIGESTS, os.O_RDWR | os.O_APPEND)
    except FileNotFoundError:
        return
    with os.fdopen(handle, "r+b", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        if end:
            file.seek(end - 1)
        torn = end and file.read(1) != b"\n"
        line = f"{chr(10) if torn else ''}{digest}  {name}\n".encode()
        written = file.write(line)
        if written != len(line):
            # No room for the rest: say so as the system does.
            file.write(line[written:])
        os.fsync(file.fileno())


def keep_digests(folder: Path, wanted: Callable[[str], bool]) -> None:
    """Drop the lines of files that are not wanted, and all but the last of every file; nothing where there is no list."""
    lines = _lines(folder)
    if lines is not None:
        last = {name: digest for digest, name in lines if wanted(name)}
        _write(folder, [(digest, name) for name, digest in last.items()])


def check_digests(folder: str | os.PathLike[str]) -> Check:
    """Compare the files of a folder with its digests.

    Parameters
    ----------
    folder
        A result folder.
    """
    folder = Path(folder)
    lines = _lines(folder)
    if not lines:
        return Check(False)
    known: dict[str, set[str]] = {}
    for digest, name in lines:
        known.setdefault(name, set()).add(digest)
    changed, missing = [], []
    for name, digests in known.items():
        try:
            if file_digest(folder / name) not in digests:
                changed.append(name)
        except (FileNotFoundError, NotADirectoryError):
            if not name.startswith(COMING_AND_GOING):
                missing.append(name)
        except (OSError, ValueError):
            changed.append(name)
    there = {path.relative_to(folder).as_posix() for pattern in READ for path in folder.glob(pattern)}
    added = sorted(name for name in there - known.keys() if not name.rpartition("/")[2].startswith((".", "~")))
    return Check(True, tuple(changed), tuple(missing), tuple(added))


def _lines(folder: Path) -> list[tuple[str, str]] | None:
    """Return digest and name of every line that has the form of one; None where there is no list."""
    try:
        text = (folder / DIGESTS).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    return [(found[1], found[2]) for line in text.splitlines() if (found := LINE.fullmatch(line))]


def _write(folder: Path, lines: Iterable[tuple[str, str]]) -> None:
    write_file("".join(f"{digest}  {name}\n" for digest, name in lines).encode(), folder / DIGESTS)
