"""Help that fits the terminal."""

from __future__ import annotations

from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner
from sluicegate.cli import cli


def commands(group: click.Group, *before: str) -> Iterator[tuple[str, ...]]:
    yield before
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from commands(command, *before, name)
        elif command is not None and not command.hidden:
            yield (*before, name)


@pytest.mark.parametrize("width", [60, 80, 120])
def test_no_line_of_any_help_is_longer_than_the_terminal_or_cut(width: int) -> None:
    found = list(commands(cli))
    assert ("solve",) in found and ("sweep", "summary") in found and ("cases", "copy") in found
    for words in found:
        shown = CliRunner().invoke(cli, [*words, "--help"], terminal_width=width)
        assert shown.exit_code == 0
        assert all(len(line) <= width for line in shown.output.splitlines()), words
        assert "…" not in shown.output


def test_a_long_example_is_broken_as_a_shell_lets_it() -> None:
    lines = CliRunner().invoke(cli, ["solve", "--help"], terminal_width=60).output.splitlines()
    place = lines.index("    sluicegate solve mycase --set limits.budget=80 \\")
    assert lines[place + 1] == "        --set 'lanes.gas-out.max_flow=*0.5'"
    lines = CliRunner().invoke(cli, ["--help"], terminal_width=60).output.splitlines()
    place = lines.index("    sluicegate solve tutorial")
    assert lines[place + 1] == "        a plan for a small case"
