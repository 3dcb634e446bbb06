"""Result folders read back."""

from __future__ import annotations

import contextlib
import dataclasses
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data import Case, CaseError, load_case
from ..data.storage.atomic import half_replaced
from ..data.storage.digests import Check, check_digests
from ..data.storage.placing import SETTINGS_FILE
from ..model.plan.plan import SCHEMA, Plan
from ..model.plan.sense import sense_of, sense_of_document
from .shapes import FrontierDocument, PlanDocument, RunDocument, check_shape, read_document

if TYPE_CHECKING:
    import pandas as pd

RUN, CASE = "run.json", "case"

DOCUMENTS = {"plan": "plan.json", "frontier": "frontier.json", "sweep": "sweep.json"}
"""Kinds of results, by the file that tells them apart."""

ADDED = {name for name, field in PlanDocument.model_fields.items() if not field.is_required()}
"""Keys of plan.json that a result of an earlier version may not have."""

ADDED_TABLES = {"causes", "by_week", "what_if", "worlds"}
"""Tables that a result of an earlier version does not have."""

ADDED_COLUMNS = {"sourcing": {"order_cost": 0.0}}
"""Columns that a table of an earlier version does not have, with what they then were."""

MOST_NAMED = 4
"""Changed files that a message names before it counts."""

TABLES = ("policies", "sourcing", "flows", "stocks", "fills", "losses", "causes", "by_week", "what_if", "worlds")


def result_kind(folder: str | os.PathLike[str]) -> str | None:
    """Return what a folder holds: ``plan``, ``frontier``, ``sweep``, or None where it is no result folder."""
    for kind, name in DOCUMENTS.items():
        if (Path(folder) / name).is_file():
            return kind
    return None


@dataclass(frozen=True)
class Result:
    """A result folder as read.

    Attributes
    ----------
    kind
        ``plan``, ``frontier`` or ``sweep``.
    folder
        The folder.
    content
        What it holds: a `Plan` with its tables, a frontier or a sweep.
    run
        How it was made, ``run.json``; empty where the folder does not say.
    remarks
        What a reader should know about it.
    altered
        Files that are not as they were written.
    """

    kind: str
    folder: Path
    content: Any
    run: Mapping[str, Any]
    remarks: tuple[str, ...] = ()
    altered: tuple[str, ...] = ()


def read_any(folder: str | os.PathLike[str]) -> Result:
    """Read a result folder of any kind.

    Raises
    ------
    ValueError
        For a folder that is no result folder, or that cannot be read.
    CaseError
        For a case that is refused.
    """
    path = Path(folder)
    kind = result_kind(path)
    if kind is None:
        old = half_replaced(path)
        if old is not None:
            raise ValueError(f"{folder} was being replaced, and that was ended half way: rename {old} to {folder}")
        state = "is not there" if not path.exists() else "is a file" if path.is_file() else "is no result folder"
        if (path / SETTINGS_FILE).is_file():
            raise ValueError(
                f"{folder} is a case, not yet a result; solve it first: sluicegate solve {folder} -o RESULT"
            )
        listed = ", ".join(DOCUMENTS.values())
        raise ValueError(
            f"{folder} {state}; name a folder that solve, evaluate, frontier or sweep wrote, with one of {listed}"
        )
    if kind == "sweep":
        from .sweep.read import read_sweep
        from .sweep.store import SweepError

        try:
            sweep = read_sweep(path)
        except SweepError as error:
            raise ValueError(str(error)) from error
        named = dataclasses.replace(sweep, case=_named(sweep.case, sweep.meta))
        return Result(kind, path, named, {}, sweep.remarks, sweep.altered)
    found, run = check_digests(path), read_run(path)
    content = _read_frontier(path) if kind == "frontier" else _read_plan(path, tables=True)
    return Result(kind, path, content, run, tuple(_remarks(found, run, content.case)), found.altered)


class Altered(ValueError):
    """A result that cannot be shown, for files of it are not as they were written."""


@contextlib.contextmanager
def blaming(altered: Mapping[str, Sequence[str]], leave: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Lay a failure to the files that were changed by hand or damaged, where there are such; else it is the program's.

    Parameters
    ----------
    altered
        Files that are not as they were written, by their folder.
    leave
        Errors that have nothing to do with what is read.

    Raises
    ------
    Altered
        Naming the files.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, (CaseError, MemoryError, *leave)):
            raise
        named = [os.path.join(folder, name) for folder, names in altered.items() for name in names]
        if not named:
            raise
        listed = ", ".join(named[:MOST_NAMED]) + (f" and {len(named) - MOST_NAMED} more" if named[MOST_NAMED:] else "")
        raise Altered(
            f"what is there cannot be shown ({type(error).__name__}: {error}): {listed} changed since it was written; "
            "put it back as it was, or make the result again"
        ) from error


def _remarks(found: Check, run: Mapping[str, Any], case: Case) -> Iterator[str]:
    """Yield what a reader should know of a result: files that were changed, and a case that is not the one that was solved."""
    digest = run.get("case_digest")
    words = [found.remark] if found.altered and found.remark else []
    same = digest is None or case.has_digest(digest)
    if told := found.of_case(same, "its case was changed after the plan was found; solve it again"):
        words.append(told)
    elif not words and found.remark:
        words.append(found.remark)
    if words:
        yield "; ".join(words)


def _read_frontier(folder: Path) -> Any:
    from .frontier.frontier import Frontier

    path = folder / DOCUMENTS["frontier"]
    document = read_document(path)
    case = _named(load_case(folder / CASE), document)
    points = document.get("points")
    if isinstance(points, list) and all(isinstance(point, dict) for point in points):
        told = [sense_of(case).read(point) for point in points]
        check_shape({**document, "points": told}, FrontierDocument, path)
    else:
        check_shape(document, FrontierDocument, path)
    try:
        return Frontier.from_dict(document, case)
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not the frontier.json of this version: {error}") from None
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from None


def read_result(folder: str | os.PathLike[str], *, tables: bool = False) -> tuple[Plan, list[str]]:
    """Read the plan of a result folder.

    Parameters
    ----------
    folder
        A result folder.
    tables
        Whether to read its tables too.

    Returns
    -------
    plan
        The plan with the case in the folder.
    remarks
        What a reader should know about it.

    Raises
    ------
    ValueError
        For a ``plan.json`` or a table that cannot be read.
    CaseError
        For a case that is refused.
    """
    folder = Path(folder)
    plan = _read_plan(folder, tables=tables)
    return plan, list(_remarks(check_digests(folder), read_run(folder), plan.case))


def _read_plan(folder: Path, *, tables: bool) -> Plan:
    path = folder / DOCUMENTS["plan"]
    document = read_document(path)
    schema = document.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise ValueError(f"{path}: written by a newer version (schema {schema}, here {SCHEMA}); update sluicegate")
    known = {entry.name for entry in dataclasses.fields(Plan)} - {"case", "tables"}
    document = sense_of_document(document).read_plan(document)
    if schema != SCHEMA or not known - ADDED <= document.keys():
        raise ValueError(f"{path}: not the plan.json of this version; solve the case in the folder again")
    check_shape(document, PlanDocument, path)
    case = _named(load_case(folder / CASE), document)
    values = {name: _as_field(document[name]) for name in known if name in document}
    found = _read_tables(folder) if tables and values["leverage"] is not None else _stated_causes(document)
    return Plan(case=case, **values, tables=found)


def _stated_causes(document: Mapping[str, Any]) -> dict[str, pd.DataFrame]:
    """Return the causes that ``plan.json`` states, of the scenarios that decide; nothing for a result of an earlier version."""
    import pandas as pd

    rows = document.get("causes")
    if not rows:
        return {}
    return {"causes": pd.DataFrame(rows)}


def read_run(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Return how a result was made; empty where the folder does not say."""
    path = Path(folder) / RUN
    return read_document(path, RunDocument) if path.exists() else {}


def _named(case: Case, document: Mapping[str, Any]) -> Case:
    """Return a case under the name that a result gives it; in the folder it is called after its place."""
    name = document.get("case")
    return dataclasses.replace(case, name=name) if isinstance(name, str) else case


def _as_field(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    import pandas as pd

    found = {}
    faults = []
    for name in TABLES:
        path = folder / f"{name}.parquet"
        try:
            # pyarrow takes no path that is not Unicode, which a name from a file system may be.
            with path.open("rb") as file:
                frame = pd.read_parquet(file)
            found[name] = frame.assign(
                **{column: was for column, was in ADDED_COLUMNS.get(name, {}).items() if column not in frame}
            )
        except FileNotFoundError:
            if name not in ADDED_TABLES:
                faults.append(f"{path} is missing")
        except Exception as error:
            # pyarrow and pandas have many ways to refuse a damaged file.
            faults.append(f"{path} cannot be read: {(str(error).splitlines() or ['damaged'])[0]}")
    if faults:
        raise ValueError("\n".join([*faults, "Solve the case in the folder again."]))
    return found
