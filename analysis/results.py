"""Result folders read back."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..data import Case, load_case
from ..model.plan.plan import SCHEMA, Plan

if TYPE_CHECKING:
    import pandas as pd

RUN, CASE = "run.json", "case"

DOCUMENTS = {"plan": "plan.json", "frontier": "frontier.json", "sweep": "sweep.json"}
"""Kinds of results, by the file that tells them apart."""

ADDED = {"case_warnings"}
"""Keys of plan.json that a result of an earlier version does not have."""

TABLES = ("policies", "sourcing", "flows", "stocks", "fills", "losses")


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
    """

    kind: str
    folder: Path
    content: Any
    run: Mapping[str, Any]
    remarks: tuple[str, ...] = ()


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
        state = "is not there" if not path.exists() else "is a file" if path.is_file() else "is no result folder"
        listed = ", ".join(DOCUMENTS.values())
        raise ValueError(
            f"{folder} {state}; name a folder that solve, evaluate, frontier or sweep wrote, with one of {listed}"
        )
    if kind == "frontier":
        return Result(kind, path, _read_frontier(path), read_run(path))
    if kind == "sweep":
        from .sweep.read import read_sweep

        sweep = read_sweep(path)
        return Result(kind, path, dataclasses.replace(sweep, case=_named(sweep.case, sweep.meta)), {})
    plan, remarks = read_result(path, tables=True)
    return Result(kind, path, plan, read_run(path), tuple(remarks))


def _read_frontier(folder: Path) -> Any:
    from .frontier.frontier import Frontier

    path = folder / DOCUMENTS["frontier"]
    document = read_document(path)
    case = _named(load_case(folder / CASE), document)
    try:
        return Frontier.from_dict(document, case)
    except (KeyError, TypeError) as error:
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
    path = folder / DOCUMENTS["plan"]
    document = read_document(path)
    schema = document.get("schema")
    if isinstance(schema, int) and schema > SCHEMA:
        raise ValueError(f"{path}: written by a newer version (schema {schema}, here {SCHEMA}); update sluicegate")
    known = {entry.name for entry in dataclasses.fields(Plan)} - {"case", "tables"}
    if schema != SCHEMA or not known - ADDED <= document.keys():
        raise ValueError(f"{path}: not the plan.json of this version; solve the case in the folder again")
    case = _named(load_case(folder / CASE), document)
    values = {name: _as_field(document[name]) for name in known if name in document}
    remarks = []
    digest = read_run(folder).get("case_digest")
    if digest is not None and digest != case.digest:
        remarks.append("its case was changed after the plan was found; solve it again")
    found = _read_tables(folder) if tables and values["leverage"] is not None else {}
    return Plan(case=case, **values, tables=found), remarks


def read_run(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Return how a result was made; empty where the folder does not say."""
    path = Path(folder) / RUN
    return read_document(path) if path.is_file() else {}


def read_document(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Raises
    ------
    ValueError
        Where there is none.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise ValueError(f"{path} holds no document")
    return document


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
            found[name] = pd.read_parquet(path)
        except (OSError, ValueError) as error:
            reason = "is missing" if isinstance(error, FileNotFoundError) else f"cannot be read: {error}"
            faults.append(f"{path} {reason}")
    if faults:
        raise ValueError("\n".join([*faults, "Solve the case in the folder again."]))
    return found
