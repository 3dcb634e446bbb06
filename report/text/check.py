"""What a check of a case found, on the terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from ..format.alike import together
from ..format.numbers import counted, number, plain

if TYPE_CHECKING:
    from ...data import Case

ROLES = {"focal": "ours", "ally": "allies", "counterpart": "the counterpart", "other": "others"}


def show_check(case: Case, remarks: Sequence[str], console: Console) -> None:
    """Print what a case holds and what was noticed.

    Parameters
    ----------
    case
        A case that was not refused.
    remarks
        Warnings that no one row gives cause for.
    console
        Where to print.
    """
    console.print(Text(plain(case.settings.case.title) or plain(case.name), style="bold", overflow="fold"))
    for line in _contents(case):
        console.print(Padding(Text(line, overflow="fold"), (0, 0, 0, 2), expand=False))
    warnings = [*map(str, case.warnings), *remarks]
    console.print()
    if not warnings:
        console.print(Text("No faults, no warnings."))
        return
    console.print(Text(f"No faults, {counted(len(warnings), 'warning')}:", style="bold"))
    for warning in together(warnings):
        console.print(Padding(Text(f"- {plain(warning)}", style="yellow", overflow="fold"), (0, 0, 0, 2), expand=False))


def _contents(case: Case) -> Iterable[str]:
    settings = case.settings
    start = f" from {settings.horizon.start.isoformat()}" if settings.horizon.start else ""
    money = plain(settings.case.currency) or "no unit named"
    yield f"{plain(case.name)}: {counted(settings.horizon.weeks, 'week')}{start}; money in {money}"
    parties = []
    for role, words in ROLES.items():
        names = [plain(case.names.party(row.party)) for row in case.parties if row.role == role]
        if names:
            parties.append(f"{words}: {', '.join(names)}")
    yield f"{counted(len(case.parties), 'party', 'parties')} ({'; '.join(parties)}), {counted(len(case.sites), 'site')}"
    to_qualify = sum(1 for row in case.lanes if row.fixed_cost or row.qualification)
    qualify = f" ({to_qualify} to qualify)" if to_qualify else ""
    yield (
        f"{counted(len(case.items), 'item')}, {counted(len(case.lanes), 'lane')}{qualify}, "
        f"{counted(len(case.processes), 'process', 'processes')}, {counted(len(case.stocks), 'stock')}, "
        f"{counted(len(case.demands), 'demand')}"
    )
    packages = len({row.package for row in case.retaliations})
    outages = counted(len({row.contingency for row in case.contingencies}), "contingency", "contingencies")
    if case.pressed:
        yield _regimes(case)
        yield f"{counted(packages, 'retaliation package')}, {outages}"
    else:
        yield outages
    limits = [f"{name.replace('_', ' ')} {number(value)}" for name, value in settings.limits if value != float("inf")]
    yield f"limits: {', '.join(limits) or 'none'}"
    yield f"{counted(len(case.sources), 'figure')} with a source"


def _regimes(case: Case) -> str:
    role = {row.party: row.role for row in case.parties}
    ours = {row.regime for row in case.regimes if role[row.controller] in ("focal", "ally")}
    combinations = 1
    for regime in ours:
        combinations *= 1 + sum(len(row.ends) for row in case.policies if row.regime == regime)
    theirs = len(case.regimes) - len(ours)
    return (
        f"{counted(len(ours), 'regime')} of ours with {counted(combinations, 'combination')} of policies, "
        f"{theirs} of the counterpart"
    )
