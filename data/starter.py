"""A small case to start from."""

from __future__ import annotations

import shlex
from importlib.resources import files
from os import PathLike

from .schema.description import describe_tables
from .storage.placing import place_folder

README = """\
A case to start from
====================

Every file beside this one is a table of the case; case.toml holds its settings. Change any figure, then

    sluicegate validate {folder}
    sluicegate solve {folder}

Ids are any text without '/'. Numbers are plain decimals such as 12.5. Weeks count from 0, {begins}.
Save the tables as CSV UTF-8, separated by commas.


"""
NEXT = """\
{folder} holds a small case to start from: case.toml, a CSV file for every table, README.txt on all columns.

Next:
  sluicegate validate {folder}
  sluicegate solve {folder}
  sluicegate solve {folder} --set lanes.etchant-world-abroad.max_flow=*0.5
"""


NEXT_BUYING = """\
{folder} holds a small case of a buyer to start from: case.toml, a CSV file for every table, README.txt on all columns.

Next:
  sluicegate validate {folder}
  sluicegate solve {folder}
  sluicegate explain {folder}
  sluicegate solve {folder} --set items.casting.max_party_share=0.6
"""


def init_case(folder: str | PathLike[str], *, diversify: bool = False, force: bool = False) -> str:
    """Write a small, commented, solvable case.

    Parameters
    ----------
    folder
        A new or empty folder.
    diversify
        A case of a buyer without a counterpart, at least cost.
    force
        Replace the case in a folder that is not empty; other files there stay.

    Returns
    -------
    str
        What to run next.

    Raises
    ------
    FileExistsError
        Where the folder is not empty.
    """
    shown = shlex.quote(str(folder))
    template = files(__package__) / ("template-buying" if diversify else "template")
    contents = {entry.name: entry.read_bytes() for entry in template.iterdir() if entry.is_file()}
    begins = "the start of the plan" if diversify else "the announcement"
    contents["README.txt"] = (README.format(folder=shown, begins=begins) + describe_tables()).encode()
    place_folder(contents, folder, force=force)
    return (NEXT_BUYING if diversify else NEXT).format(folder=shown)
