"""What the documentation takes from the program is current, and can be read without the site."""

from __future__ import annotations

import re

import pytest
import sluicegate
from sluicegate.cli import cli

from tools import docs

PAGES = {path.name: path for path in docs.pages()}


def test_every_page_with_marked_parts_is_known() -> None:
    assert {"case-format.md", "commands.md", "model.md", "python.md", "trade.md"} <= set(PAGES)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_current(name: str) -> None:
    text = PAGES[name].read_text(encoding="utf-8")
    assert text == docs.rendered(text), "run `python -m tools.docs`"


@pytest.mark.parametrize("name", PAGES)
def test_the_page_needs_no_site(name: str) -> None:
    # Directives are shown as they stand, or not at all, by whoever reads the file alone.
    assert not re.search(r"^(```|:::)\{", PAGES[name].read_text(encoding="utf-8"), re.MULTILINE)


def test_a_stale_part_is_written_anew_and_the_rest_stays() -> None:
    stale = "before\n<!-- case-section limits -->\nstale words\n<!-- end -->\nafter <!-- rooms -->\nx\n<!-- end -->\n"
    new = docs.rendered(stale)
    assert new.startswith("before\n<!-- case-section limits -->\n\n") and "stale words" not in new
    assert "| `budget` |" in new
    assert new.endswith("after <!-- rooms -->\nx\n<!-- end -->\n")
    assert docs.rendered(new) == new


def test_every_command_and_option_is_listed() -> None:
    page = PAGES["commands.md"].read_text(encoding="utf-8")
    for name, command in cli.commands.items():
        assert f"\n## sluicegate {name}\n" in page
        for parameter in command.params:
            assert all(f"{word}" in page for word in parameter.opts if word.startswith("--"))
    # The command that `sweep` stands for.
    assert "--design" in page and "## sluicegate sweep run" not in page


def test_every_public_name_is_listed_with_its_parameters() -> None:
    page = PAGES["python.md"].read_text(encoding="utf-8")
    for name in sluicegate.__all__:
        assert name.startswith("__") or f"\n### {name}\n" in page
    assert "| `rel_gap` | Relative gap at which a plan counts as optimal; default: the case's. |" in page
    assert "#### Plan." in page


@pytest.mark.parametrize(
    ("words", "markdown"),
    [
        ("a * b | c", r"a \* b \| c"),
        ("``x|y`` and `Plan` <b>", r"`x\|y` and `Plan` \<b>"),
        ("0 <= ship[l,t] <= cap", "0 <= ship[l,t] <= cap"),
    ],
)
def test_no_sign_of_a_docstring_means_anything(words: str, markdown: str) -> None:
    assert docs.prose(words) == markdown
