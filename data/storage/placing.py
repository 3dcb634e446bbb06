"""Cases put where they belong, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterable, Mapping
from os import PathLike
from pathlib import Path

from ..schema.tables import TABLES
from .atomic import LOCK, Reserved, beside, resolved, sync_folder, write_file, written_into

SETTINGS_FILE = "case.toml"
PACKAGE_FILE = "datapackage.json"
CASE_FILES = (SETTINGS_FILE, *(f"{table}.csv" for table in TABLES), PACKAGE_FILE)

COMING, LEAVING, REPLACED = ".sluicegate-coming", ".sluicegate-leaving", ".sluicegate-replaced"
"""Folders in that of a case whose files are replaced: the new files, the old ones while they are taken away, and after that."""


def place_folder(contents: Mapping[str, bytes], folder: str | PathLike[str], *, force: bool = False) -> Path:
    """Write the files of a case to a folder.

    Parameters
    ----------
    contents
        Content of every file, by its name.
    folder
        A new or empty folder; it appears complete or not at all.
    force
        Replace the case in a folder that is not empty; files that are no part of a case stay, and where the new case cannot be
        written the old one does.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    FileExistsError
        Where the folder is a file, or not empty and `force` is not set.
    Locked
        Where another process writes to the same folder.
    """
    named, target = Path(folder), resolved(folder)
    _refuse_occupied(named, force=force)
    if target.is_dir():
        with written_into(target, named):
            # It may have come up meanwhile.
            _refuse_occupied(named, force=force)
            # File by file: somebody may be working in the folder.
            _replace_case(contents, target)
        return named
    with Reserved(target) as place, place.making() as made:
        for name, content in contents.items():
            (made / name).write_bytes(content)
        place.put(made)
    return named


def _refuse_occupied(target: Path, *, force: bool) -> None:
    """Raise `FileExistsError` where a folder cannot be written without losing something."""
    if target.exists() and not target.is_dir():
        raise FileExistsError(f"{target} is a file; name a folder")
    # What an earlier process left there half way is mended, not kept; the lock is our own.
    left = (COMING, LEAVING, REPLACED, beside(target / resolved(target).name, LOCK).name)
    if target.exists() and any(entry.name not in left for entry in target.iterdir()) and not force:
        raise FileExistsError(f"{target} is not empty; name a new folder, or overwrite the case there (force)")


def _replace_case(contents: Mapping[str, bytes], target: Path) -> None:
    """Replace the files of a case; the settings go first and come last, so that no mixture of two cases can be read."""
    restore_case(target)
    coming, leaving = target / COMING, target / LEAVING
    try:
        coming.mkdir()
        for name, content in contents.items():
            write_file(content, coming / name)
        leaving.mkdir()
        # A table of the old case would be read as one of the new.
        _move(target, leaving, dict.fromkeys([*CASE_FILES, *contents]))
        os.rename(leaving, target / REPLACED)
        _move(coming, target, [*(name for name in contents if name != SETTINGS_FILE), SETTINGS_FILE])
    finally:
        restore_case(target)
    sync_folder(target)


def restore_case(target: Path) -> None:
    """Bring a case whose files were being replaced to an end: back to what it was, unless the new one is complete."""
    leaving, replaced = target / LEAVING, target / REPLACED
    if replaced.is_dir() and not (target / SETTINGS_FILE).exists():
        for name in CASE_FILES:
            (target / name).unlink(missing_ok=True)
        _move(replaced, target, sorted(os.listdir(replaced)))
    if leaving.is_dir():
        _move(leaving, target, sorted(os.listdir(leaving)))
    for folder in (target / COMING, leaving, replaced):
        if folder.is_dir():
            shutil.rmtree(folder, ignore_errors=True)


def _move(source: Path, target: Path, names: Iterable[str]) -> None:
    for name in names:
        with contextlib.suppress(FileNotFoundError):
            os.replace(source / name, target / name)


def place_file(content: bytes, path: str | PathLike[str], *, force: bool = False) -> Path:
    """Write a file, complete or not at all; `FileExistsError` where it is there and `force` is not set."""
    target = Path(path)
    if target.exists() and (target.is_dir() or not force):
        raise FileExistsError(f"{target} exists; name another file, or overwrite it (force)")
    resolved(target).parent.mkdir(parents=True, exist_ok=True)
    write_file(content, target)
    return target
