"""The measures of docs/evidence-protocol.md."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

NAIVE = ("status quo", "total cut-off")

EARLIER = (("2018-07", 2722.0), ("2018-08", 3378.0), ("2018-09", 3283.0), ("2018-10", 3550.0))
"""Months in a row before July 2019 in fluoride-monthly.csv, tonnes of Japanese hydrogen fluoride."""


def naive(table: pd.DataFrame, name: str) -> np.ndarray:
    """Return a naive forecast of every cell, shape (cells,)."""
    if name == "status quo":
        return np.ones(len(table))
    return np.where(table["controlled"], 0.0, 1.0)


def rank_correlation(record: np.ndarray, model: np.ndarray) -> float | None:
    """Spearman's rho; None where one side is constant."""
    from scipy.stats import spearmanr

    # A solver's rounding, which differs from machine to machine, is no order.
    record, model = np.round(record, 6), np.round(model, 6)
    if np.ptp(record) == 0 or np.ptp(model) == 0:
        return None
    return float(spearmanr(record, model).statistic)


def scaled_error(record: np.ndarray, model: np.ndarray, forecast: np.ndarray) -> float:
    """Mean absolute error over that of a naive forecast on the same cells; inf where that one is exact."""
    error, scale = float(np.abs(model - record).mean()), float(np.abs(forecast - record).mean())
    return error / scale if scale > 0 else math.inf


def score(table: pd.DataFrame, model: np.ndarray) -> pd.DataFrame:
    """Return the scores by series and pooled.

    Parameters
    ----------
    table
        Scored cells of the record.
    model : array, shape (cells,)
        The model's index in them.

    Returns
    -------
    pandas.DataFrame
        Index series and ``pooled``; ``cells``, ``rho`` (from four cells on), and the scaled error against each of `NAIVE`.
    """
    record = table["index"].to_numpy()
    groups = {name: (table["series"] == name).to_numpy() for name in table["series"].unique()}
    groups["pooled"] = np.ones(len(table), dtype=bool)
    rows = {}
    for name, mask in groups.items():
        part = table[mask]
        enough = len(part) >= 4
        rows[name] = {
            "cells": len(part),
            "rho": rank_correlation(record[mask], model[mask]) if enough else None,
            **{f: scaled_error(record[mask], model[mask], naive(part, f)) for f in NAIVE},
        }
    return pd.DataFrame.from_dict(rows, orient="index")


def usual_scaled_error(table: pd.DataFrame, model: np.ndarray, base: float) -> float:
    """MASE of hydrogen fluoride from Japan in tonnes, scaled by the month-before forecast on earlier months."""
    mask = (table["series"] == "hf-japan-tonnes").to_numpy()
    tonnes = np.array([value for _, value in EARLIER])
    scale = np.abs(np.diff(tonnes)).mean() / base
    return float(np.abs(table["index"].to_numpy()[mask] - model[mask]).mean() / scale)


def coverage(table: pd.DataFrame, low: np.ndarray, high: np.ndarray) -> tuple[float, float]:
    """Share of cells inside their interval, and the mean width of the intervals."""
    record = table["index"].to_numpy()
    # What the solver leaves of an exact 0 or 1 is no miss.
    inside = (record >= low - 1e-6) & (record <= high + 1e-6)
    return float(inside.mean()), float((high - low).mean())


def magnitude(model: float, low: float, high: float) -> tuple[float | None, str]:
    """Return log10(model / nearest end of the record) and what the protocol calls it."""
    near = min(max(model, low), high)
    if near == 0 or model == 0:
        return None, "no ratio: one of them is nothing"
    if near * model < 0:
        return None, "wrong sign"
    ratio = math.log10(model / near)
    if abs(ratio) <= 0.5:
        return ratio, "same order"
    return ratio, "within one order" if abs(ratio) <= 1 else "off by more than a factor of ten"
