"""The plan of the house, drawn from the imports: `python -m tools.architecture` rewrites docs/architecture.md and its picture."""

from __future__ import annotations

import ast
from collections import defaultdict
from dataclasses import dataclass, field
from html import escape
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "architecture.md"
PICTURE = ROOT / "docs" / "images" / "architecture.svg"
FLOORS = ("data", "model", "analysis", "report", "commands")
"""Floors from the ground up; each may import from itself and from those below."""

TONES = {"data": "#e8efe6", "model": "#e3ebf5", "analysis": "#f5ecdc", "report": "#efe4f0", "commands": "#eeeeee"}
WIDTH, BOX, HEIGHT, GAP = 1120, 200, 46, 18
"""Of the picture, of a room, and between rooms, in pixels."""


@dataclass
class Room:
    """A folder of modules.

    Attributes
    ----------
    name
        Dotted, relative to the package.
    purpose
        The sentence of its ``__init__``.
    files
        Lines of every module by name.
    imports
        Rooms it imports from, itself left out.
    lends
        What other rooms may take from it: ``__all__`` of its ``__init__``; None: all its files.
    takes
        Rooms it imports from, each with what it takes there: a file, or a name that the room exports.
    """

    name: str
    purpose: str
    files: dict[str, int] = field(default_factory=dict)
    imports: set[str] = field(default_factory=set)
    lends: frozenset[str] | None = None
    takes: set[tuple[str, str]] = field(default_factory=set)

    @property
    def floor(self) -> str:
        """The floor it is on."""
        return self.name.split(".")[0]


def rooms(root: Path = ROOT) -> dict[str, Room]:
    """Return every room of the package by name, with what its modules import."""
    folders = [path.parent for floor in FLOORS for path in sorted((root / floor).rglob("__init__.py"))]
    found = {}
    for folder in folders:
        name = ".".join(folder.relative_to(root).parts)
        tree = ast.parse((folder / "__init__.py").read_text(encoding="utf-8"))
        purpose = ast.get_docstring(tree) or ""
        found[name] = Room(name, purpose.splitlines()[0] if purpose else "", lends=_lent(tree))
    for name, room in found.items():
        for path in sorted((root / name.replace(".", "/")).glob("*.py")):
            text = path.read_text(encoding="utf-8")
            if path.name != "__init__.py":
                room.files[path.stem] = text.count("\n")
            room.takes |= {(other, what) for other, what in _imported(text, name, found) if other != name}
        room.imports = {other for other, _ in room.takes}
    return found


def _lent(tree: ast.Module) -> frozenset[str] | None:
    """``__all__`` of a module; None where it has none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id == "__all__":
            return frozenset(ast.literal_eval(node.value))
    return None


def trespasses(found: dict[str, Room]) -> list[str]:
    """Imports of what a room does not lend to others; floors lend all their files, and a room and the rooms in it each other."""
    return [
        f"{name} takes {other}.{what}: use what {other} lends, or add it to __all__ of its __init__"
        for name, room in found.items()
        for other, what in sorted(room.takes)
        if "." in other and not name.startswith(f"{other}.") and not other.startswith(f"{name}.")
        if what and (lent := found[other].lends) is not None and what not in lent
    ]


def _imported(text: str, room: str, found: dict[str, Room]) -> set[tuple[str, str]]:
    """Rooms that a module imports from when it runs, type checking aside, and what it takes there."""
    tree = ast.parse(text)
    for_types = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    named: set[tuple[str, str]] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom) or not node.level or id(node) in for_types:
            continue
        parts = room.split(".")
        base = parts[: len(parts) - node.level + 1]
        for alias in node.names:
            target, taken = [*base, *(node.module.split(".") if node.module else []), alias.name], ""
            while target and ".".join(target) not in found:
                taken = target.pop()
            if target:
                named.add((".".join(target), taken))
    return named


def circles(found: dict[str, Room]) -> list[list[str]]:
    """Rooms that import each other in a circle; a folder and the folders in it count as one room."""
    above: dict[str, set[str]] = {
        name: {
            other
            for other in room.imports
            if not other.startswith(f"{name}.") and not name.startswith(f"{other}.") and "." in other
        }
        for name, room in found.items()
        if "." in name
    }
    done: set[str] = set()
    rings: list[list[str]] = []

    def visit(name: str, path: list[str]) -> None:
        if name in path:
            rings.append([*path[path.index(name) :], name])
        elif name not in done:
            for other in sorted(above.get(name, ())):
                visit(other, [*path, name])
            done.add(name)

    for name in sorted(above):
        visit(name, [])
    return rings


def levels(found: dict[str, Room]) -> dict[str, int]:
    """Height of every room: one above the highest that it imports from."""
    heights: dict[str, int] = {}

    def height(name: str) -> int:
        if name not in heights:
            heights[name] = 0
            below = [other for other in found[name].imports if other in found and not other.startswith(f"{name}.")]
            heights[name] = 1 + max((height(other) for other in below), default=-1)
        return heights[name]

    for name in found:
        height(name)
    return heights


def drawing(found: dict[str, Room]) -> str:
    """Return the picture: a row for every height, the rooms of a floor in its colour, an arrow for every import not implied."""
    shown = {name: room for name, room in found.items() if "." in name}
    heights = levels(found)
    rows: dict[int, list[str]] = defaultdict(list)
    for floor in reversed(FLOORS):
        for name in sorted(shown, key=lambda name: (-heights[name], name)):
            if shown[name].floor == floor:
                rows[(FLOORS.index(floor)) * 100 + heights[name]].append(name)
    place, y, parts = {}, GAP, []
    for row in sorted(rows, reverse=True):
        names = rows[row]
        for start in range(0, len(names), 5):
            part = names[start : start + 5]
            left = (WIDTH - len(part) * BOX - (len(part) - 1) * GAP) / 2
            for number, name in enumerate(part):
                place[name] = (left + number * (BOX + GAP), y)
            y += HEIGHT + 2 * GAP
    for name, room in shown.items():
        for other in sorted(_not_implied(name, room, shown)):
            (x1, y1), (x2, y2) = place[name], place[other]
            parts.append(
                f'<path d="M{x1 + BOX / 2:.0f},{y1 + HEIGHT} C{x1 + BOX / 2:.0f},{y1 + HEIGHT + 24} '
                f'{x2 + BOX / 2:.0f},{y2 - 24} {x2 + BOX / 2:.0f},{y2}" class="arrow" marker-end="url(#tip)"/>'
            )
    for name, (x, top) in place.items():
        room = shown[name]
        parts.append(
            f'<g><title>{escape(room.purpose)}</title><rect x="{x:.0f}" y="{top}" width="{BOX}" height="{HEIGHT}" rx="6" '
            f'fill="{TONES[room.floor]}" stroke="#8a94a3"/><text x="{x + BOX / 2:.0f}" y="{top + 20}" class="name">'
            f'{escape(name.replace(".", "/"))}</text><text x="{x + BOX / 2:.0f}" y="{top + 37}" class="size">'
            f"{len(room.files)} files</text></g>"
        )
    style = (
        ".name{font:600 13px sans-serif;text-anchor:middle;fill:#1d2733}.size{font:11px sans-serif;text-anchor:middle;"
        "fill:#55606e}.arrow{fill:none;stroke:#9aa5b3;stroke-width:1}"
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y}" width="{WIDTH}" height="{y}" role="img" '
        f'aria-label="The rooms of the package and which imports which">\n<style>{style}</style>\n'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        f'<path d="M0,0 L8,4 L0,8 z" fill="#9aa5b3"/></marker></defs>\n<rect width="{WIDTH}" height="{y}" fill="#fff"/>\n'
        + "\n".join(parts)
        + "\n</svg>\n"
    )


def _not_implied(name: str, room: Room, shown: dict[str, Room]) -> set[str]:
    """What a room imports from and does not reach through another room that it imports from."""
    direct = {other for other in room.imports if other in shown and not other.startswith(f"{name}.")}

    def reached(start: str, seen: set[str]) -> set[str]:
        for other in shown[start].imports:
            if other in shown and other not in seen and other != name:
                seen.add(other)
                reached(other, seen)
        return seen

    return {other for other in direct if not any(other in reached(third, set()) for third in direct if third != other)}


def table(found: dict[str, Room]) -> str:
    """Return the rooms as a table, from the top floor down."""
    heights = levels(found)
    rows = ["| room | what it is for | files |", "| --- | --- | --- |"]
    for floor in reversed(FLOORS):
        names = [name for name in found if found[name].floor == floor]
        for name in sorted(names, key=lambda name: (name != floor, -heights[name], name)):
            files = ", ".join(f"`{file}`" for file in found[name].files) or "-"
            rows.append(f"| `{name.replace('.', '/')}/` | {found[name].purpose} | {files} |")
    return "\n".join(rows)


def page(found: dict[str, Room]) -> str:
    """Return the page with its table as the folders are now."""
    text = PAGE.read_text(encoding="utf-8")
    before, rest = text.split("<!-- rooms -->\n", 1)
    _, after = rest.split("<!-- end -->", 1)
    return f"{before}<!-- rooms -->\n{table(found)}\n<!-- end -->{after}"


def main() -> None:
    """Rewrite the page and its picture."""
    found = rooms()
    PAGE.write_text(page(found), encoding="utf-8")
    PICTURE.write_text(drawing(found), encoding="utf-8")


if __name__ == "__main__":
    main()
