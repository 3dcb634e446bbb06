"""Places that are written to: refused before the work where they cannot be, and their errors in words."""

from __future__ import annotations

import contextlib
import os
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from .errors import Refusal, shown


def check_ending(option: str, path: str, endings: Sequence[str]) -> None:
    """Refuse a file whose name does not say what it is."""
    if not path.lower().endswith(tuple(endings)):
        which = "the ending" if len(endings) == 1 else "one of the endings"
        raise Refusal(shown(f"{option} {path}: give the file {which} {', '.join(endings)}"))


def check_file(option: str, path: str) -> None:
    """Refuse a file that could not be written, before the work."""
    from ...data.storage.atomic import try_place

    place = Path(path)
    if place.parent.exists():
        try:
            try_place(place)
        except OSError as error:
            why = f"{str(error.strerror).lower()}; name another file"
        else:
            return
    else:
        why = f"there is no folder {place.parent}; make it, or name another file"
    raise Refusal(shown(f"{option} {path} cannot be written: {why}"))


def check_chart(chart: str) -> None:
    """Refuse a chart that could not be written, before the work."""
    from ..charts.base import ENDINGS

    check_ending("--chart", chart, ENDINGS)
    check_file("--chart", chart)


def check_plan_charts(chart: str, read: Sequence[Any]) -> None:
    """Refuse charts that are not of one plan, or that cannot be written, before any work is done."""
    if len(read) > 1 or read[0].kind != "plan":
        raise Refusal("--chart writes the charts of one plan; name the one result folder of a plan")
    check_chart(chart)


def check_workbook(path: str, read: Sequence[Any], force: bool) -> None:
    """Refuse a workbook that cannot be written before any work is done."""
    if not path.lower().endswith(".xlsx"):
        raise Refusal(shown(f"--workbook {path}: a workbook is an .xlsx file; name one such as plan.xlsx"))
    if len(read) > 1 or read[0].kind != "plan":
        raise Refusal("--workbook holds one plan; name the one result folder of a plan")
    if os.path.exists(path) and not force:
        raise Refusal(shown(f"--workbook {path}: the file is there; name another one, or replace it with --force"))
    check_file("--workbook", path)


@contextlib.contextmanager
def placing(place: str, kind: str = "folder") -> Iterator[None]:
    """Word what may keep a case or a page from being written to its place."""
    try:
        yield
    except OSError as error:
        if isinstance(error, FileExistsError) and error.errno is None:
            raise Refusal(shown(str(error).replace("(force)", "with --force"))) from None
        raise Refusal(shown(f"{place} cannot be written: {error.strerror}; name another {kind}")) from None


def quoted(folder: str) -> str:
    """Return a path as a shell takes it for one word."""
    return shlex.quote(folder)
