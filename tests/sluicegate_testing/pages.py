"""The pages of the documentation as blocks of code, and what their console blocks show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

ROOT = Path(__file__).parents[2]
PAGES = {path.relative_to(ROOT).as_posix(): path for path in [ROOT / "README.md", *sorted(ROOT.glob("docs/*.md"))]}


@dataclass(frozen=True)
class Block:
    """A block of code: its language ("" for an indented one), its text, the line of the page it begins in.

    ``slow`` behind the language marks commands that take minutes.
    """

    language: str
    text: str
    line: int
    slow: bool = False


@dataclass(frozen=True)
class Shown:
    """A command and the standard output that the page shows for it."""

    command: str
    output: str
    line: int


def blocks(page: Path) -> list[Block]:
    """Return the blocks of code of a page, in their order."""
    tokens = MarkdownIt().parse(page.read_text(encoding="utf-8"))
    found = []
    for token in tokens:
        if token.type in ("fence", "code_block") and token.map is not None:
            language, *more = [*token.info.split(), ""]
            found.append(Block(language, token.content, token.map[0] + 1, "slow" in more))
    return found


def inline_code(page: Path) -> Iterator[str]:
    """Return what stands between backticks in the running text of a page."""
    for token in MarkdownIt().enable("table").parse(page.read_text(encoding="utf-8")):
        for child in token.children or ():
            if child.type == "code_inline":
                yield child.content


def shown(block: Block) -> list[Shown]:
    """Split a console block into commands (``$ ``, continued after a backslash) and their output."""
    found: list[Shown] = []
    lines = block.text.splitlines()
    place = 0
    while place < len(lines):
        begin = place
        if not lines[place].startswith("$ "):
            raise ValueError(f"line {block.line + place + 1}: a console block begins with a command")
        command = lines[place][2:]
        while command.endswith("\\"):
            place += 1
            command += "\n" + lines[place]
        place += 1
        output = []
        while place < len(lines) and not lines[place].startswith("$ "):
            output.append(lines[place].rstrip())
            place += 1
        found.append(Shown(command, "\n".join(output).strip("\n"), block.line + begin + 1))
    return found


def agrees(shown_output: str, output: str) -> bool:
    """Return whether output is what a page shows; a line of ``...`` stands for any lines."""
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + r"\n" for line in shown_output.splitlines()
    )
    actual = "".join(f"{line.rstrip()}\n" for line in output.strip("\n").splitlines())
    return re.fullmatch(pattern, actual) is not None
