"""Kinds of values that options take, and what completes them in a shell."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


def chained(*decorators: Callable[[F], F]) -> Callable[[F], F]:
    """Return decorators as one, the first of them outermost."""

    def decorate(function: F) -> F:
        for decorator in reversed(decorators):
            function = decorator(function)
        return function

    return decorate


class Number(click.ParamType):
    """A number of at least 0, or above it."""

    name = "number"

    def __init__(self, positive: bool = False):
        self.positive = positive

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the number."""
        try:
            number = float(value)
        except ValueError:
            self.fail(f"{value!r} is not a number", param, ctx)
        if not number >= 0 or (self.positive and number == 0):
            self.fail(f"{value} is not {'above 0' if self.positive else '0 or more'}", param, ctx)
        return number


class Share(Number):
    """A share, as a figure or in percent."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read the share."""
        text = str(value).strip()
        if text.endswith("%"):
            return super().convert(text[:-1].strip(), param, ctx) / 100
        return super().convert(value, param, ctx)


class Many(click.ParamType):
    """How many worlds are drawn."""

    name = "number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read the number."""
        text = str(value).strip()
        if not text.isdecimal() or not int(text):
            self.fail(f"{value!r} is no number of worlds to be drawn; write one such as 32", param, ctx)
        return int(text)


class Text(click.ParamType):
    """Text in the form in which a case holds its ids, whatever system it was typed on."""

    name = "text"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Compose the text's characters."""
        return unicodedata.normalize("NFC", value)


def completing(what: str) -> Callable[[click.Context, click.Parameter, str], list[Any]]:
    """Return what completes a word of the command line in a shell."""

    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[Any]:
        from . import completion

        # Where an option still waits for its value, what stands before it was not taken for CASE yet.
        given = ctx.params.get("case") or next(iter(ctx.args), None)
        found: list[Any] = getattr(completion, what)(given, incomplete)
        return found

    return complete
