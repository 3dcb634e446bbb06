"""Errors as people read them: a message and an exit code, never a traceback."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Callable
from typing import TypeVar

import click

DONE, FAULT, USAGE, INFEASIBLE, GAP_LEFT, NO_PLAN = 0, 1, 2, 3, 4, 5
"""Exit codes."""

DEBUG = "SLUICEGATE_DEBUG"
VERBOSE = "sluicegate.verbose"

PACKAGE = __name__.partition(".")[0]

T = TypeVar("T")


class Refusal(click.ClickException):
    """Wrong usage, a faulty case, or a place that cannot be written."""

    exit_code = USAGE


class ProgramFault(click.ClickException):
    """A fault of the program."""

    exit_code = FAULT


def told(error: Exception, ctx: click.Context) -> click.ClickException:
    """Return an error as the message that a planner reads."""
    refusals = (
        ("data", "CaseError"),
        ("data.storage.atomic", "Locked"),
        ("analysis.results", "Altered"),
        ("model", "TooManyCombinations"),
        ("model.methods.pyomo_solver", "SolverError"),
        ("report.files.folder", "ResultError"),
        ("analysis.sweep.store", "SweepError"),
        ("analysis.figures.factors", "DesignError"),
    )
    if any(_is(error, module, name) for module, name in refusals):
        return Refusal(shown(str(error)))
    if isinstance(error, MemoryError):
        return ProgramFault("out of memory; close other programs, or solve with --threads 1")
    if ctx.meta.get(VERBOSE) or os.environ.get(DEBUG):
        click.echo(traceback.format_exc(), err=True, nl=False)
    hint = f"Please report it with the case and the traceback that -v (or {DEBUG}=1) shows."
    return ProgramFault(shown(f"a fault of the program, {type(error).__name__}: {error}\n{hint}"))


def _is(error: Exception, module: str, name: str) -> bool:
    """Return whether an error is of a class that is imported only where it is raised."""
    loaded = sys.modules.get(f"{PACKAGE}.{module}")
    return loaded is not None and isinstance(error, getattr(loaded, name))


def shown(message: str) -> str:
    """Return a message of several lines without anything that could disturb a terminal."""
    from ..format.numbers import plain

    lines = message.splitlines()
    return "\n".join(" " * (len(line) - len(line.lstrip(" "))) + plain(line) for line in lines)


def said(work: Callable[[], T]) -> T:
    """Do work whose ValueError names a mistake of the user's."""
    try:
        return work()
    except ValueError as error:
        raise Refusal(shown(str(error))) from None
