"""Pictures of the docs, drawn anew from the program: `python -m tools.pictures [NAME ...]`, all of them without names.

A picture of a page keeps in its file the sentences that it shows, so that a test can hold them against the text beside it.
Needs Chromium; Taiwan-Korea and its curve take some minutes.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, PngImagePlugin

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
IMAGES = DOCS / "images"
SAID = "Description"
"""Key under which a PNG keeps the sentences that it shows."""


@dataclass(frozen=True)
class Shot:
    """A picture of a page: the case, the width of the window in pixels, and what of the page is left out, as selectors."""

    case: str
    width: int
    without: Sequence[str]


SHOTS = {
    "landing": Shot("japan-korea-2019", 720, ("nav", ".box", "section", "footer")),
    "quick-start": Shot(
        "japan-korea-2019",
        960,
        ("nav", ".box", ".tools", "footer", "section:not([aria-labelledby=policies])", "section h3", "section h3 ~ *"),
    ),
    "page": Shot(
        "taiwan-korea",
        1600,
        (
            "nav",
            ".box",
            ".tools",
            ".controls",
            "details",
            "footer",
            "section:not([aria-labelledby=weeks], [aria-labelledby=network])",
            "#weeks ~ h3 ~ h3",
            "#weeks ~ h3 ~ h3 ~ *",
            "#weeks ~ .charts > :nth-child(n+4)",
            ".note:has(bdi)",
        ),
    ),
}


def page_picture(shot: Shot) -> bytes:
    """Return a picture of the page of a shipped case as a PNG."""
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as place:
        result = str(Path(place, "result"))
        for arguments in (["solve", shot.case, "--no-range", "--no-reasons", "-o", result], ["report", result]):
            subprocess.run(
                [sys.executable, "-m", "sluicegate", *arguments, "-q"], check=True, stdout=subprocess.DEVNULL
            )
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": shot.width, "height": 600}, device_scale_factor=1.5)
            page.goto(Path(result, "report.html").as_uri())
            page.add_style_tag(
                content=f"{', '.join(shot.without)} {{ display: none !important; }} main {{ padding-bottom: 16px; }}"
            )
            said = " ".join(page.locator("#answer p").all_text_contents())
            drawn = page.screenshot(full_page=True, timeout=120_000)
            browser.close()
    notes = PngImagePlugin.PngInfo()
    notes.add_itxt(SAID, said)
    content = io.BytesIO()
    # A page has few colours: 128 of them tell nothing apart that all do not.
    Image.open(io.BytesIO(drawn)).convert("RGB").quantize(128).save(content, "PNG", optimize=True, pnginfo=notes)
    return content.getvalue()


def said(picture: Path) -> str:
    """Return the sentences that a picture of a page shows."""
    with Image.open(picture) as image:
        image.load()
        return str(image.info[SAID])  # type: ignore[attr-defined]


def _shot(name: str) -> None:
    (IMAGES / f"{name}.png").write_bytes(page_picture(SHOTS[name]))


def _breakeven() -> None:
    import sluicegate

    found = sluicegate.breakeven(sluicegate.load_case("tutorial"), "limits.budget")
    found.charts["breakeven"].save(str(IMAGES / "breakeven.png"), scale_factor=1.5)


def _frontier() -> None:
    command = [
        "frontier",
        "taiwan-korea",
        "--against",
        "budget",
        "--chart",
        str(DOCS / "frontier-taiwan-korea.svg"),
        "--force",
        "-q",
    ]
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(
            [sys.executable, "-m", "sluicegate", *command, "-o", str(Path(place, "curve"))],
            check=True,
            stdout=subprocess.DEVNULL,
        )


PICTURES: dict[str, Callable[[], None]] = {
    **{name: lambda name=name: _shot(name) for name in SHOTS},  # type: ignore[misc]
    "breakeven": _breakeven,
    "frontier": _frontier,
}


def main(names: Sequence[str]) -> None:
    """Draw the pictures with these names, or all."""
    for name in names or PICTURES:
        PICTURES[name]()
        print(name)


if __name__ == "__main__":
    main(sys.argv[1:])
