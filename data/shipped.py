"""The cases that come with the package."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from os import PathLike
from pathlib import Path

from .input.folder import SETTINGS_FILE, parse_toml, read_text
from .package import data_package
from .schema.errors import CaseError, Fault, nearest
from .storage.placing import PACKAGE_FILE, place_folder


@dataclass(frozen=True)
class ShippedCase:
    """A case that comes with the package: its name and its title."""

    name: str
    title: str


def shipped_cases() -> list[ShippedCase]:
    """Return the cases that come with the package, in the order of their names."""
    return [ShippedCase(folder.name, _title(folder)) for folder in _folders()]


def find_shipped(name: str) -> Traversable | None:
    """Return the folder of a shipped case, or None where none has that name."""
    return next((folder for folder in _folders() if folder.name == name), None)


def copy_case(name: str, folder: str | PathLike[str], *, force: bool = False, describe: bool = False) -> Path:
    """Copy a shipped case to a folder, to be edited there.

    Parameters
    ----------
    name
        Name of a shipped case.
    folder
        Where to put it; a new or empty folder.
    force
        Replace the case in a folder that is not empty; other files there stay.
    describe
        Write ``datapackage.json`` beside the tables too.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    CaseError
        Where no shipped case has that name.
    FileExistsError
        Where the folder is not empty.
    """
    source = find_shipped(name)
    if source is None:
        names = [case.name for case in shipped_cases()]
        hint = nearest(name, names) or f"; there are {', '.join(names)}"
        raise CaseError([Fault(name, f"no shipped case has this name{hint}")])
    contents = {entry.name: entry.read_bytes() for entry in source.iterdir() if entry.is_file()}
    if describe:
        contents[PACKAGE_FILE] = data_package(name, contents)
    return place_folder(contents, folder, force=force)


def _folders() -> list[Traversable]:
    cases = files(__package__) / "cases"
    if not cases.is_dir():
        return []
    found = [entry for entry in cases.iterdir() if (entry / SETTINGS_FILE).is_file()]
    return sorted(found, key=lambda entry: entry.name)


def _title(folder: Traversable) -> str:
    return str(parse_toml(read_text(folder / SETTINGS_FILE)).get("case", {}).get("title", ""))
