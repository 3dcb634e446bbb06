"""Small extracts of real trade statistics that come with the package."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent / "extracts"


def example_names() -> list[str]:
    """Return the names of the extracts that come with the package."""
    return sorted(path.stem for path in FOLDER.glob("*.csv"))


def find_example(name: str) -> Path | None:
    """Return the file of a shipped extract, or None where none has that name."""
    return FOLDER / f"{name}.csv" if name in example_names() else None
