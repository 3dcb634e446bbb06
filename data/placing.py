"""Files put where they belong, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from .tables import TABLES

PACKAGE_FILE = "datapackage.json"
CASE_FILES = ("case.toml", *(f"{table}.csv" for table in TABLES), PACKAGE_FILE)


def place_folder(contents: Mapping[str, bytes], folder: str | PathLike[str], *, force: bool = False) -> Path:
    """Write the files of a case to a folder.

    Parameters
    ----------
    contents
        Content of every file, by its name.
    folder
        A new or empty folder; it appears complete or not at all.
    force
        Replace the case in a folder that is not empty, file by file; files that are no part of a case stay.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FileExistsError
        Where the folder is a file, or not empty and `force` is not set.
    """
    target = Path(folder)
    _refuse_occupied(target, force=force)
    target.parent.mkdir(parents=True, exist_ok=True)
    beside = target if target.is_dir() else target.parent
    with tempfile.TemporaryDirectory(prefix=".case-", dir=beside) as scratch:
        # Inside the scratch folder, so that it gets the permissions of any new folder.
        made = Path(scratch) / "case"
        made.mkdir()
        for name, content in contents.items():
            (made / name).write_bytes(content)
        if target.is_dir():
            _replace_case(made, target)
        else:
            os.replace(made, target)
    return target


def _refuse_occupied(target: Path, *, force: bool) -> None:
    """Raise `FileExistsError` where a folder cannot be written without losing something."""
    if target.exists() and not target.is_dir():
        raise FileExistsError(f"{target} is a file; name a folder")
    if target.exists() and any(target.iterdir()) and not force:
        raise FileExistsError(f"{target} is not empty; name a new folder, or overwrite the case there (force)")


def _replace_case(made: Path, target: Path) -> None:
    new = {file.name for file in made.iterdir()}
    # A table of the old case would be read as one of the new.
    for name in CASE_FILES:
        if name not in new:
            (target / name).unlink(missing_ok=True)
    for name in new:
        os.replace(made / name, target / name)


def place_file(content: bytes, path: str | PathLike[str], *, force: bool = False) -> Path:
    """Write a file, complete or not at all; `FileExistsError` where it is there and `force` is not set."""
    target = Path(path)
    if target.exists() and (target.is_dir() or not force):
        raise FileExistsError(f"{target} exists; name another file, or overwrite it (force)")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".case-", dir=target.parent) as scratch:
        made = Path(scratch) / "file"
        made.write_bytes(content)
        os.replace(made, target)
    return target
