"""What the documents of results look like: a file of another form is named, not stumbled over."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..model.plan.sense import sense_of_document

Texts = list[str]
Figures = dict[str, float]


HEDGED, AS_IT_IS, SOURCING, ALL_OPEN = "this plan", "best for the figures as they are", "sourcing alone", "nothing done"
"""Names of plans that are always compared over worlds."""


class Document(BaseModel):
    """A JSON object; keys that are not named here are left alone."""

    model_config = ConfigDict(strict=True, extra="ignore", allow_inf_nan=False)


class ScenarioDocument(Document):
    """A scenario of ``plan.json``."""

    own_loss: float
    counterpart_loss: float
    leverage: float
    fill: Figures


class LimitDocument(Document):
    """A limit of ``plan.json``."""

    used: float | None
    limit: float | None


class CauseDocument(Document):
    """A cause of a loss in ``plan.json``."""

    side: Literal["counterpart", "ours"]
    cause: str
    item: str | None
    units: float | None
    amount: float


class RangeDocument(Document):
    """The range of ``plan.json``."""

    worlds: int
    worked_out: int
    seed: int
    low: float
    high: float
    least: float
    most: float
    share_negative: float
    share_kept: float


class ReasonDocument(Document):
    """What a decision is for, in ``plan.json``."""

    kind: Literal["policy", "qualified", "stockpile"]
    key: str
    choice: str | None
    units: float | None
    cost: float
    lost: float | None
    low: float | None
    high: float | None
    no_plan: bool
    instead: Texts
    scenario: str | None
    limit: str | None
    amount: float | None
    unit: str
    over: bool
    others: int
    added: float | None


class PlanDocument(Document):
    """``plan.json``, and ``base.json`` of a sweep; what has a default here may be missing in a result of an earlier version."""

    status: Literal["optimal", "feasible", "infeasible", "unknown"]
    leverage: float | None
    bound: float | None
    gap: float | None
    counterpart_loss: float | None
    own_loss: float | None
    worst_package: str | None
    leverage_range: Annotated[list[float], Field(min_length=2, max_length=2)] | None
    sourcing_only_leverage: float | None
    policies: dict[str, str]
    qualified: Texts
    stockpile: Figures
    scenarios: dict[str, ScenarioDocument]
    counterpart_fill: Figures
    first_shortage_week: dict[str, int | None]
    certificate: Figures
    limits: dict[str, LimitDocument]
    violations: Texts
    causes: list[CauseDocument] = []
    warnings: Texts
    solve: dict[str, Any]
    range: RangeDocument | None = None
    reasons: list[ReasonDocument] = []
    alternatives: dict[str, Any] | None = None
    case_warnings: Texts = []
    name: str = ""
    note: str = ""
    weights: Figures = {}
    worlds: dict[str, Any] | None = None


class PointDocument(Document):
    """A point of ``frontier.json``."""

    level: float
    used: float | None
    leverage: float | None
    bound: float | None
    gap: float | None
    status: Literal["optimal", "feasible", "infeasible"]
    policies: dict[str, str]
    qualified: Texts
    stockpile: Figures
    own_loss: float | None
    counterpart_loss: float | None
    worst_package: str | None


class ChangeDocument(Document):
    """A change along the curve of ``frontier.json``."""

    low: float
    high: float
    words: Texts
    exact: bool


class FrontierDocument(Document):
    """``frontier.json``."""

    against: str
    unit: str
    currency: str
    steps: bool
    complete: bool
    least: float | None
    fine: float
    lost: list[float]
    points: list[PointDocument]
    changes: list[ChangeDocument]
    notes: Texts
    solve: dict[str, Any]


class SweepDocument(Document):
    """``sweep.json``."""

    case: str
    case_digest: str
    currency: str
    design: dict[str, Any]
    design_digest: str
    policies: Literal["free", "fixed", "both"]
    time_limit: float | None
    rel_gap: float | None
    versions: dict[str, str]


class RunDocument(Document):
    """``run.json``, as far as it is read."""

    command: str | None = None
    began: str | None = None
    case_digest: str | None = None
    overrides: Texts = []
    options: dict[str, Any] = {}
    versions: dict[str, str] = {}


def read_document(path: Path, shape: type[Document] | None = None) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Parameters
    ----------
    path
        The file.
    shape
        What it has to look like; by default any object will do.

    Raises
    ------
    ValueError
        Naming the file, and the first key that is not as it should be.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refused)
    except FileNotFoundError:
        raise ValueError(f"{path} is missing") from None
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
    if not isinstance(document, dict):
        raise ValueError(f"{path} holds no document")
    if shape is not None:
        check_shape(document, shape, path)
    return document


def check_shape(document: Mapping[str, Any], shape: type[Document], path: Path) -> None:
    """Compare a document with its shape.

    Raises
    ------
    ValueError
        Naming the file, and the first key that is not as it should be.
    """
    if shape is PlanDocument:
        document = sense_of_document(document).read_plan(document)
    try:
        shape.model_validate(document)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"{path}: not the {path.name} of this version: {place}: {first['msg']}") from None


def _refused(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
