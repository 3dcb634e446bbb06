"""Random cases with all that the counterpart's network may have at once."""

from __future__ import annotations

from typing import Any

from .strategies import random_case

INSIDE, SHARED = "a controlled lane between their sites", "two regimes on one pair"


def drawn_with(number: int) -> tuple[Any, set[str]]:
    """A random case of all features, lanes between the counterpart's own sites under a regime of ours; and what it has."""
    drawn = random_case(number, max_regimes=3, max_weeks=6, max_combinations=27, meaning=True, features=True)
    _, tables = drawn
    role = {row["party"]: row["role"] for row in tables["parties"]}
    at = {row["site"]: role[row["party"]] for row in tables["sites"]}
    ours = [row["regime"] for row in tables["regimes"] if role[row["controller"]] != "counterpart"]
    has = {name for name in ("profiles", "retaliations") if tables.get(name)}
    into: dict[tuple[str, str], set[str]] = {}
    for row in tables["lanes"]:
        if at[row["destination"]] != "counterpart":
            continue
        if at[row["origin"]] == "counterpart":
            row["regime"] = ours[-1]
            has.add(INSIDE)
        if row.get("regime") in ours:
            into.setdefault((row["destination"], row["item"]), set()).add(row["regime"])
    has |= {SHARED for regimes in into.values() if len(regimes) > 1}
    has |= {"saving" for rows in tables.values() for row in rows if row.get("saving_share")}
    has |= {"refusal" for row in tables["policies"] if row.get("approval_rate", 1.0) < 1.0}
    return drawn, has
