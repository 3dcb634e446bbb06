"""The help of the command as reStructuredText: what is set as it stands (examples, tables) stays so, stars are stars."""

from __future__ import annotations

from typing import Any


def describe(app: Any, context: Any, lines: list[str]) -> None:
    """Turn the line blocks of a command's help into a heading and a block of text."""
    written: list[str] = []
    inside = False
    for line in lines:
        kept = line.startswith("|")
        text = line.removeprefix("|").removeprefix(" ")
        if not kept:
            written.append(_plain(line))
        elif not inside:
            written += ["", f"*{_plain(text.removesuffix(':'))}*", "", ".. code-block:: text", ""]
        else:
            written.append(f"   {text}")
        inside = kept
    lines[:] = written


def options(app: Any, context: Any, lines: list[str]) -> None:
    """Keep stars in the help of options from meaning emphasis."""
    lines[:] = [_plain(line) for line in lines]


def _plain(line: str) -> str:
    return line.replace("*", "\\*")


def setup(app: Any) -> dict[str, bool]:
    """Listen to sphinx-click."""
    app.connect("sphinx-click-process-description", describe)
    app.connect("sphinx-click-process-options", options)
    app.connect("sphinx-click-process-arguments", options)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
