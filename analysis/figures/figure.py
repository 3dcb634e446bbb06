"""A figure of a case that can be set: its value in force, its unit, and what the case makes of another value."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from ...data import TABLES, CaseError, Fault, Settings, apply_overrides
from ...data.input.cells import in_words
from ...data.schema.declarations import columns, extra, numeric, setting_keys, setting_paths
from ...data.schema.settings import NO_FIGURE_SECTIONS
from ...data.schema.tables import NO_FIGURES
from ...data.schema.values import PLAIN_NUMBER, Delay
from ...model.network import Network
from ...model.plan.limits import LIMITED

if TYPE_CHECKING:
    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from ...data import Case

FORM = "no figure; write TABLE.KEY.COLUMN, such as lanes.hf-jp-kr.max_flow, or SECTION.KEY, such as limits.budget"


@dataclass(frozen=True)
class Figure:
    """A value of a case that can be set.

    Attributes
    ----------
    case, path
        Where it stands.
    info
        Its declaration.
    in_force
        Its value, that of empty cells included; None where there is no single one.
    peers
        Numbers in force of the same column in all rows.
    """

    case: Case
    path: str
    info: FieldInfo
    in_force: Any
    peers: tuple[float, ...] = ()

    @property
    def unit(self) -> str:
        """Unit of the figure."""
        return extra(self.info, "unit") or ""

    @property
    def numeric(self) -> bool:
        """Whether it holds a number."""
        return numeric(self.info) is not None

    @property
    def delay(self) -> bool:
        """Whether it holds weeks of delay, or a distribution of them."""
        return self.info.annotation is Delay

    @property
    def whole(self) -> bool:
        """Whether it takes whole numbers only."""
        return self.delay or numeric(self.info) is int

    @property
    def share(self) -> bool:
        """Whether it is a share."""
        return self.unit == "share"

    @property
    def limit(self) -> str | None:
        """Its name where it is a limit that moves without new programs; None of other figures."""
        section, _, key = self.path.partition(".")
        return key if section == "limits" and key in LIMITED else None

    @property
    def base(self) -> float | str | None:
        """Value in force as ``--set`` takes it: a number, a text, or None where there is no single one."""
        value = self.in_force
        if isinstance(value, Delay) and len(value.weights) == 1:
            return float(value.weights[0][0])
        if value is None:
            return None
        return float(value) if isinstance(value, int | float) else str(value)

    @property
    def current(self) -> float | None:
        """Finite number in force, of a distribution of delays its mean; None where there is none."""
        return _finite(self.in_force)

    def text(self, value: float | str) -> str:
        """Return a value as ``--set`` takes it."""
        if isinstance(value, str):
            return value
        return str(int(value)) if self.whole and math.isfinite(value) else repr(float(value))

    def value(self, text: str) -> float | str:
        """Return the value of a text as ``--set`` takes it, factors of the value in force included.

        Raises
        ------
        ValueError
            Where the column refuses it.
        """
        if not text:
            raise ValueError("empty; a value is needed")
        if self.numeric and text.startswith("*"):
            if not PLAIN_NUMBER.fullmatch(text[1:]):
                raise ValueError("no factor; write * and a plain decimal, such as *0.8")
            base = self.base
            if not isinstance(base, float) or math.isinf(base):
                raise ValueError("has no value in force that can be scaled; give a number")
            scaled = float(text[1:]) * base
            text = repr(float(round(scaled)) if self.whole and abs(scaled - round(scaled)) < 1e-9 else scaled)
        checks = tuple(self.info.metadata)
        column: Any = Annotated[(self.info.annotation, *checks)] if checks else self.info.annotation
        try:
            TypeAdapter(column).validate_python(text)
        except ValidationError as error:
            raise ValueError(in_words(error.errors(include_url=False)[0], self.info)) from None
        return float(text) if self.numeric and not self._listed(text) else text

    def _listed(self, text: str) -> bool:
        """Whether a text that the column takes is a list of weeks."""
        return numeric(self.info) is int and ";" in text

    def at(self, value: float | str) -> Case:
        """Return the case with the figure at a value.

        Raises
        ------
        CaseError
            For a value that the case cannot have.
        """
        return apply_overrides(self.case, [f"{self.path}={self.text(value)}"])

    def fault(self, value: float | str) -> Fault | None:
        """Return why the case cannot have a value; None where it can."""
        try:
            self.at(value)
        except CaseError as error:
            return error.faults[0]
        return None

    def refusal(self, value: float | str) -> str | None:
        """Return why the case cannot have a value, in words; None where it can."""
        fault = self.fault(value)
        if fault is None:
            return None
        elsewhere = fault.column is not None and not self.path.endswith(f".{fault.column}")
        return f"{fault.column} {fault.value} is {fault.message}" if elsewhere else fault.message


def override(path: str, value: float | str) -> str:
    """Return a figure at a value as ``--set`` takes it."""
    if isinstance(value, str):
        return f"{path}={value}"
    if math.isinf(value):
        return f"{path}={'inf' if value > 0 else '-inf'}"
    return f"{path}={np.format_float_positional(value, trim='-')}"


def find_figure(case: Case, path: str) -> Figure:
    """Return the value of a case that a path names.

    Raises
    ------
    CaseError
        For a path that names none.
    ValueError
        For one that is no figure.
    """
    head, _, rest = path.partition(".")
    if head in columns(Settings) and rest in setting_keys(head):
        if head in NO_FIGURE_SECTIONS:
            raise no_figure(path)
        return Figure(case, path, setting_keys(head)[rest], getattr(getattr(case.settings, head), rest))
    for name, info in columns(TABLES[head]).items() if head in TABLES and head not in NO_FIGURES else ():
        records = [row for row in case.rows(head) if f"{row.id}.{name}" == rest]
        if records and TABLES[head].key and name not in TABLES[head].key:
            values = {_in_force(case, row, name) for row in records}
            peers = (_finite(_in_force(case, row, name)) for row in case.rows(head))
            known = tuple(peer for peer in peers if peer is not None)
            return Figure(case, path, info, values.pop() if len(values) == 1 else None, known)
    raise _unknown(case, path)


def no_figure(path: str) -> ValueError:
    """Return the refusal of a setting that a plan does not depend on."""
    return ValueError(f"{path} is no figure that a plan depends on; name one such as limits.budget")


def _in_force(case: Case, row: BaseModel, name: str) -> Any:
    value = getattr(row, name)
    if value is None and (other := extra(columns(type(row))[name], "same_as")):
        value = getattr(row, other)
    if value is None and name == "stockpile_cost":
        value = Network(case).stockpile_price((row.site, row.item))  # type: ignore[attr-defined]
    if value is None and name == "fixed_cost":
        value = 0.0
    return value


def _finite(value: Any) -> float | None:
    if isinstance(value, Delay):
        return float(round(value.mean))
    return value if isinstance(value, int | float) and math.isfinite(value) else None


def _unknown(case: Case, path: str) -> Exception:
    """Return what is wrong with a path, in the words in which overrides are refused."""
    if "." not in path:
        meant = [known for known in setting_paths() if known.endswith(f".{path}")]
        return CaseError([Fault(path, f"did you mean {meant[0]}?" if meant else FORM)])
    name, sign, _ = path.partition("=")
    if sign:
        try:
            find_figure(case, name)
        except (CaseError, ValueError):
            pass
        else:
            return ValueError(f"{path}: name the figure without a value, {name}")
    try:
        apply_overrides(case, [f"{path}=1"])
    except CaseError as error:
        return CaseError([replace(error.faults[0], file=path, column=None, value=None)])
    return ValueError(f"{path} is no figure; write TABLE.KEY.COLUMN or SECTION.KEY")
