"""Ids in narrow columns."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from sluicegate.report.format.names import Name, broken


def test_breaks_at_joints() -> None:
    assert broken("hbm4-pyeongtaek-tainan", 16) == ["hbm4-pyeongtaek-", "tainan"]
    assert broken("virginia/accelerator", 12) == ["virginia/", "accelerator"]
    assert broken("short", 12) == ["short"]
    assert broken("", 12) == [""]


@pytest.mark.parametrize("text", ["x" * 200, "半导体材料" * 9, "שלום" * 20, "a-" * 50, "[red]x[/red]" * 8])
@pytest.mark.parametrize("width", [2, 7, 30])
def test_loses_nothing_and_fits(text: str, width: int) -> None:
    lines = broken(text, width)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(cell_len(line) <= width for line in lines)


def test_in_a_table_of_any_width() -> None:
    table = Table.grid()
    table.add_column()
    table.add_column(no_wrap=True)
    table.add_row(Name("hbm4-pyeongtaek-tainan", "bold"), "12,345")
    console = Console(width=20)
    with console.capture() as captured:
        console.print(table)
    lines = captured.get().splitlines()
    assert "".join(line.split()[0] for line in lines) == "hbm4-pyeongtaek-tainan"
    assert lines[0].endswith("12,345")


def test_a_number_is_not_broken() -> None:
    text = "stockpiles home/chip (41.727 lots), acid 11.8%, 1,234.5"
    for width in range(8, len(text)):
        lines = broken(text, width)
        assert "".join(lines).replace(" ", "") == text.replace(" ", "")
        assert all(line == line.strip() for line in lines)
        for number in ("41.727", "11.8%", "1,234.5"):
            assert any(number in line for line in lines), (width, lines)
