"""Sweeps for tests: designs of the tutorial case with outcomes of a formula, or solved one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sluicegate import load_case
from sluicegate.analysis.sweep.design import Design, make_design
from sluicegate.analysis.sweep.read import Sweep

ISHIGAMI = [
    f"lanes.{lane}.unit_cost=0..6.283185307179586"
    for lane in ("acid-home-abroad", "gas-home-abroad", "chip-world-home")
]
"""Three figures whose distance from pi is the argument of the Ishigami function."""

S1 = [0.3139, 0.4424, 0.0]
ST = [0.5576, 0.4424, 0.2437]
"""Its first-order and total indices (Ishigami & Homma 1990, a = 7, b = 0.1)."""


def ishigami(x: np.ndarray) -> np.ndarray:
    x = x - np.pi
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def formula(
    design: Design,
    leverage: Callable[[pd.DataFrame], Any],
    policies: Callable[[pd.DataFrame], Any] = lambda samples: "acid=review",
    status: Callable[[pd.DataFrame], Any] = lambda samples: "optimal",
    fixed: Callable[[pd.DataFrame], Any] | None = None,
    base: Mapping[str, Any] | None = None,
) -> Sweep:
    """A sweep whose rows are formulas of the samples."""
    samples = design.samples
    modes = {"free": leverage} | ({"fixed": fixed} if fixed else {})
    parts = []
    for mode, values in modes.items():
        rows = pd.DataFrame({"sample": range(len(samples)), "mode": mode}).assign(
            **{f"in.{path}": samples[path].to_numpy() for path in samples}
        )
        rows = rows.assign(status=status(samples), seconds=0.1, message=None, leverage=values(samples), own_loss=1.0)
        rows = rows.assign(policies=policies(samples) if mode == "free" else "acid=review")
        usable = rows["status"].isin(["optimal", "feasible"])
        rows.loc[~usable, ["leverage", "own_loss", "policies"]] = np.nan, np.nan, None
        rows["policy.acid"] = (
            rows["policies"]
            .where(usable, None)
            .map(lambda text: (text.rpartition("=")[2] if "=" in text else "open") if isinstance(text, str) else None)
        )
        parts.append(rows)
    frame = pd.concat(parts, ignore_index=True).sort_values(["sample", "mode"]).reset_index(drop=True)
    base = base or {"status": "optimal", "leverage": 1.0, "policies": {"acid": "review", "gas": "open"}}
    meta = {"policies": "both" if fixed else "free", "rel_gap": None, "currency": "million"}
    return Sweep(load_case("tutorial"), design, frame, meta, base)


def designed(kind: str, vary: list[str] | None = None, **options: Any) -> Design:
    return make_design(load_case("tutorial"), kind, ISHIGAMI if vary is None else vary, **options)
