"""Pictures of the docs show the figures that the text beside them says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

pytest.importorskip("PIL")

from tools import pictures

DOCS = Path(__file__).parent.parent / "docs"


def shown(page: str, command: str) -> str:
    """Return what a page of the docs shows of a command's output, as one line."""
    text = (DOCS / page).read_text(encoding="utf-8")
    found = re.search(rf"^\$ sluicegate {re.escape(command)}[^\n]*\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    assert found
    return " ".join(found[1].split())


@pytest.mark.parametrize("name", ["landing", "quick-start"])
def test_the_first_pictures_show_the_plan_of_the_quick_start(name: str) -> None:
    said = pictures.said(pictures.IMAGES / f"{name}.png")
    loss, ours, leverage, alone = re.search(  # type: ignore[union-attr]
        r"that costs .+? ([\d,.]+) USD m and us ([\d,.]+) USD m.* a leverage of ([\d,.]+) USD m.* give (-?[\d,.]+) USD m",
        said,
    ).groups()
    output = shown("quick-start.md", "solve japan-korea-2019 --no-range -o results/first")
    assert f"Leverage {leverage} USD m" in output
    assert f"the counterpart's loss {loss} less our loss {ours}" in output
    assert f"without reviews {alone}" in output
    for policy in ("selective", "individual"):
        assert policy in said and policy in output


def test_the_picture_of_a_page_shows_the_plan_of_the_readme() -> None:
    said = pictures.said(pictures.IMAGES / "page.png")
    loss, ours, alone = re.search(
        r"that costs .+? ([\d,.]+) USD m and us ([\d,.]+) USD m.* give (-?[\d,.]+) USD m", said
    ).groups()  # type: ignore[union-attr]
    readme = " ".join((DOCS.parent / "README.md").read_text(encoding="utf-8").split())
    assert f"the counterpart's loss {loss} less our loss {ours}" in readme
    assert f"without reviews {alone}" in readme


def test_the_picture_of_a_curve_has_the_points_of_its_page() -> None:
    picture = (DOCS / "frontier-taiwan-korea.svg").read_text(encoding="utf-8")
    drawn = set(re.findall(r"Budget \(USD m\): ([\d.]+); Leverage \(USD m\): ([−-]?[\d.]+)", picture))
    points = {(round(float(used), 1), round(float(leverage.replace("−", "-")), 1)) for used, leverage in drawn}
    rows = re.findall(
        r"^ +[\d.]+ +([\d.]+) +(-?[\d,.]+) +(?:0%|below)",
        (DOCS / "frontier.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    told = {(round(float(used), 1), float(leverage.replace(",", ""))) for used, leverage in rows}
    assert len(told & points) >= 20, told - points
