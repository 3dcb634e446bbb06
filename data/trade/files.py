"""The files that are meant by a path: folders, archives, answers of the API and shipped extracts."""

from __future__ import annotations

import csv
import gzip
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from os import PathLike, fspath
from pathlib import Path, PurePath, PurePosixPath
from typing import IO, Any

from ..schema.errors import Fault, nearest
from .examples import example_names, find_example

ENDINGS = (".csv", ".txt", ".tsv", ".gz", ".zip", ".json")


class Finder:
    """Finds files, and unpacks what is packed.

    Parameters
    ----------
    folder
        Where to unpack.
    faults
        What cannot be read is added here.
    """

    def __init__(self, folder: Path, faults: list[Fault]):
        self.folder = folder
        self.faults = faults
        self._made = 0

    def files(self, data: Sequence[str | PathLike[str]]) -> Iterator[tuple[Path, str]]:
        """Yield every file that is meant, with its name in messages."""
        for given in (fspath(path) for path in data):
            path = Path(given)
            if not path.exists() and (example := find_example(given)) is not None:
                yield example, given
            elif path.is_dir():
                inside = sorted(file for file in path.iterdir() if _is_data(file) and file.is_file())
                if not inside:
                    self.faults.append(Fault(given, f"holds no file of trade statistics ({', '.join(ENDINGS)})"))
                for file in inside:
                    yield from self._unpacked(file, str(file))
            elif path.is_file():
                yield from self._unpacked(path, given)
            else:
                hint = nearest(given, example_names()) or f"; shipped extracts are {', '.join(example_names())}"
                self.faults.append(Fault(given or "''", f"no such file, and no shipped extract has this name{hint}"))

    def _unpacked(self, path: Path, shown: str) -> Iterator[tuple[Path, str]]:
        """Yield the files in an archive, each unpacked; what is no archive as it is. What it is its first bytes say."""
        if _is_archive(path):
            yield from self._from_zip(path, shown)
        elif path.name.lower().endswith(".json") or _is_json(path):
            yield from self._from_json(path, shown)
        else:
            yield path, shown

    def _from_zip(self, path: Path, shown: str) -> Iterator[tuple[Path, str]]:
        try:
            with zipfile.ZipFile(path) as archive:
                members = [entry for entry in archive.infolist() if _is_data(PurePosixPath(entry.filename))]
                if not members:
                    self.faults.append(Fault(shown, f"the archive holds no file of {', '.join(ENDINGS)}"))
                for entry in members:
                    made = self._place()
                    with archive.open(entry) as source, made.open("wb") as target:
                        shutil.copyfileobj(source, target, 1 << 20)
                    yield from self._unpacked(made, f"{shown}/{entry.filename}")
        except (OSError, zipfile.BadZipFile, RuntimeError) as error:
            self.faults.append(Fault(shown, f"the archive cannot be read: {error}; download it again"))

    def _from_json(self, path: Path, shown: str) -> Iterator[tuple[Path, str]]:
        """Yield the rows of an answer of the API as a CSV file."""
        try:
            with _opened(path) as file:
                document = json.load(file)
        except (OSError, EOFError, ValueError) as error:
            self.faults.append(Fault(shown, f"not JSON: {error}; download it again"))
            return
        rows = document.get("data") if isinstance(document, dict) else document
        if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
            self.faults.append(Fault(shown, _no_rows(document)))
            return
        made = self._place()
        with made.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(dict.fromkeys(name for row in rows for name in row)), restval="")
            writer.writeheader()
            writer.writerows(rows)
        yield made, shown

    def _place(self) -> Path:
        self._made += 1
        return self.folder / f"member-{self._made}.csv"


def _is_data(path: PurePath) -> bool:
    """Return whether a file beside others may hold data: what a system or a reader's note adds to an archive does not."""
    name = path.name.lower()
    hidden = any(part.startswith(".") or part == "__MACOSX" for part in path.parts[-2:])
    return name.endswith(ENDINGS) and not hidden and not name.startswith("readme")


def _opened(path: Path) -> IO[bytes]:
    """Open a file to read its bytes, unpacked."""
    with path.open("rb") as start:
        packed = start.read(2) == b"\x1f\x8b"
    opener: Callable[..., Any] = gzip.open if packed else open
    file: IO[bytes] = opener(path, "rb")
    return file


def _is_archive(path: Path) -> bool:
    """Return whether a file is a .zip, which a workbook is too by its bytes."""
    if path.name.lower().endswith(".zip"):
        return True
    if not zipfile.is_zipfile(path):
        return False
    with zipfile.ZipFile(path) as archive:
        return "[Content_Types].xml" not in archive.namelist()


def _is_json(path: Path) -> bool:
    """Return whether a file begins as JSON does."""
    try:
        with _opened(path) as file:
            start = file.read(1024)
    except (OSError, EOFError):
        return False
    return start.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in (b"{", b"[")


def _no_rows(document: Any) -> str:
    """Return why an answer of the API has no rows."""
    if isinstance(document, dict):
        said = next((document[name] for name in ("message", "error", "errorMessage") if document.get(name)), None)
        if said is not None:
            return f"the API answered: {str(said).rstrip('. ')}; ask it again"
        if document.get("data") == []:
            return "an answer without rows: the query matches nothing; ask for other periods, countries or codes"
    return "no answer of UN Comtrade's API: it has no list of rows called data"
