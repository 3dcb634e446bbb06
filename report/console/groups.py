"""Groups of commands: every command ends with a message and an exit code; a group may stand for one of its commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import click

from ...signals import STOPPED, raising
from .errors import DONE, told
from .output import is_shut, unwritten

COMMAND = re.compile(r"\s+sluicegate\s")
"""How the line of an example begins."""


class Help(click.HelpFormatter):
    """Help whose examples are broken where a shell lets them be, not where the terminal ends."""

    def write(self, string: str) -> None:
        """Write a piece of help."""
        super().write("\n".join(part for line in string.split("\n") for part in self._parts(line)))

    def _parts(self, line: str) -> Iterator[str]:
        """Yield the lines of an example that fit; a remark behind it goes below."""
        if len(line) <= self.width or not COMMAND.match(line):
            yield line
            return
        command, gap, remark = line.strip().partition("  ")
        indent = " " * (len(line) - len(line.lstrip()))
        told = indent
        # An option keeps with its value.
        for word in re.split(r" (?=-)", command):
            if told.strip() and len(told) + len(word) + 3 > self.width:
                yield f"{told} \\"
                told = f"{indent}    {word}"
            else:
                told = f"{told} {word}" if told.strip() else told + word
        yield told
        if gap:
            yield f"{indent}    {remark.strip()}"


class HelpContext(click.Context):
    """Context of a command that has such help."""

    formatter_class = Help


class Listed(click.Group):
    """A group whose help lists its commands in whole sentences."""

    context_class = HelpContext

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        """Add a command; its examples are broken as those of the group are."""
        if cmd.context_class is click.Context:
            cmd.context_class = HelpContext
        super().add_command(cmd, name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List every command with the whole first sentence of its help, and those of groups by both names."""
        with formatter.section("Commands"):
            formatter.write_dl(list(_summaries(self, ctx)))


class Commands(Listed):
    """A group whose commands end with a message and an exit code, never with a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors become messages."""
        try:
            with raising():
                return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except KeyboardInterrupt as end:
            for line in getattr(end, "__notes__", ["Ended; no result was written."]):
                click.echo(line, err=True)
            ctx.exit(STOPPED)
        except Exception as error:
            if isinstance(error, OSError) and is_shut():
                # Help is printed by click.
                unwritten(error)
                ctx.exit(DONE)
            raise told(error, ctx) from error


def _summaries(group: click.Group, ctx: click.Context, before: str = "") -> Iterator[tuple[str, str]]:
    """(name, first sentence of the help) of the commands of a group, those of its groups included."""
    for name in group.list_commands(ctx):
        command = group.get_command(ctx, name)
        if command is None or command.hidden:
            continue
        words = " ".join((command.short_help or command.help or "").split("\n\n")[0].split())
        yield before + name, re.split(r"(?<=\.)\s", words, maxsplit=1)[0]
        if isinstance(command, click.Group):
            yield from _summaries(command, ctx, f"{before}{name} ")


class UnnamedContext(HelpContext):
    """Context of a command that goes by the name of its group."""

    @property
    def command_path(self) -> str:
        """The command as it is called, without the space before its empty name."""
        return super().command_path.rstrip()


class UnnamedCommand(click.Command):
    """A command that goes by the name of its group."""

    context_class = UnnamedContext


class DefaultCommand(Listed):
    """A group whose command `run` is meant where none is named."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the default command before arguments that name none."""
        return super().parse_args(ctx, args if args and args[0] in self.commands else ["run", *args])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; the default one goes by the name of the group."""
        name, command, rest = super().resolve_command(ctx, args)
        return ("" if name == "run" else name), command, rest
