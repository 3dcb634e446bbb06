"""A scan of trade statistics as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..charts.scan import scan_figures
from ..format.numbers import number, plain
from ..text.blocks import blocks
from ..text.scan import answer, scan_line, scan_parts, scan_title

if TYPE_CHECKING:
    import datetime

    from ...analysis.trade.ranking.result import Scan
    from ..charts.drawing import Artist


ALL = 200
"""Goods of a ranking on a page."""


def scan_page(scan: Scan, began: datetime.datetime, artist: Artist) -> str:
    """Return the page of a scan as HTML.

    Parameters
    ----------
    scan
        The scan.
    began
        When it was made.
    artist
        Who draws its charts.
    """
    from ...data.trade import RULES
    from .inline import picture
    from .page import _filled

    told = [block for block in blocks(scan_parts(scan, ALL)) if block.get("text") not in scan.notes]
    first = next((place for place, block in enumerate(told) if block["kind"] == "title"), len(told))
    rules = [RULES[entry.rule.id].sentence for entry in scan.treatments]
    content: dict[str, Any] = {
        "title": scan_title(scan),
        "lead": scan_line(scan),
        "answer": answer(scan),
        "figures": [picture(figure, f"f{place}", artist, told=True) for place, figure in enumerate(scan_figures(scan))],
        "blocks": told[first:],
        "rules": list(dict.fromkeys(rules)),
        "notices": list(scan.notes),
        "proof": [
            ("Source", plain(scan.source)),
            ("Period", plain(scan.period.words)),
            (
                "Sigma",
                f"{number(scan.sigmas.default)} where the table of {len(scan.sigmas.by_code):,} codes has no other"
                if scan.sigmas.by_code
                else number(scan.sigmas.default),
            ),
            ("Expenditure", plain(scan.expenditure_words)),
            ("Made", f"scan, {began.isoformat(timespec='seconds')}"),
        ],
    }
    return _filled("scan.html", content, plainly=("world",))
