"""A Pyomo model in a file that other programs read, with the names of its components."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING

from ...data.storage.atomic import writing
from .naming import Labeler

if TYPE_CHECKING:
    from pyomo.environ import ConcreteModel

ENDINGS = (".lp", ".mps")
"""Formats, by the ending of the file's name."""


def write_model(model: ConcreteModel, path: str | PathLike[str], *, force: bool = False) -> None:
    """Write a model as an LP or MPS file, whole or not at all.

    Names are those of the model with what the format cannot hold replaced (`safe`): ``ours(none).ship(gas_out,3)``. Pyomo puts
    ``c_e_``, ``c_l_``, ``c_u_`` before the names of equalities, lower and upper limits; ``ONE_VAR_CONSTANT`` is 1 and carries the
    constant of the objective. Numbers are written with all their digits. Both formats say that the objective is maximised.

    Parameters
    ----------
    model
        A linear model with one active objective, such as that of `formulate`.
    path
        File that ends in ``.lp`` or ``.mps``.
    force
        Replace the file if it is there.

    Raises
    ------
    ValueError
        For another ending.
    FileExistsError
        Where the file is there.
    OSError
        Where it cannot be written.
    """
    ending = check_ending(path)
    if Path(path).exists() and not force:
        raise FileExistsError(f"{fspath(path)}: the file is there; name another one, or replace it (force)")
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / f"model{ending}"
        with _each_variable_once(model):
            model.write(str(made), io_options={"labeler": Labeler()})
        with made.open("rb") as source, writing(path) as target:
            shutil.copyfileobj(source, target)


@contextlib.contextmanager
def _each_variable_once(model: ConcreteModel) -> Iterator[None]:
    """Hide families that refer to variables of others: Pyomo's MPS writer takes no variable twice."""
    from pyomo.core.base.indexed_component import IndexedComponent
    from pyomo.environ import Var

    references = [family for family in model.component_objects(Var) if family.is_reference()]
    try:
        for family in references:
            family.parent_block().reclassify_component_type(family, IndexedComponent)
        yield
    finally:
        for family in references:
            family.parent_block().reclassify_component_type(family, Var)


def check_ending(path: str | PathLike[str]) -> str:
    """Return the ending of a file's name.

    Raises
    ------
    ValueError
        Where it is none of `ENDINGS`.
    """
    ending = Path(path).suffix.lower()
    if ending not in ENDINGS:
        raise ValueError(f"{fspath(path)}: give the file one of the endings {', '.join(ENDINGS)}")
    return ending
