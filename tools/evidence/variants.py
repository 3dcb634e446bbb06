"""The two variants of the episode, and what Japan did in both."""

from __future__ import annotations

VARIANTS = {"ex-ante": "japan-korea-2019", "ex-post": "japan-korea-2019-ex-post"}
"""Shipped case by variant."""

CHOSEN = dict.fromkeys(("hf-liquid", "hf-gas", "euv-resist", "fpi"), "individual")
"""Individual licences for all three listed items, hydrogen fluoride counted as two, from 4 July 2019."""

WATCHED = {
    "kr-fabs/dram": "DRAM",
    "kr-fabs/nand": "NAND",
    "kr-fabs/euv-logic": "logic from EUV lines",
    "kr-fabs/hf-liquid": "older lines and panel etching",
    "kr-display/foldable": "foldable panels",
}
"""What Korea sells that hangs on the controlled materials, by ``site/item``."""

JAPAN_LANES = ("hfl-jp-kr", "hfg-jp-kr")
"""Lanes of hydrogen fluoride from Japan to Korea."""
