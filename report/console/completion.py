"""What a shell offers for a word of the command line that is begun."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path

from click.shell_completion import CompletionItem

from ...data import TABLES, Case, CaseError, load_case, shipped_cases
from ...data.schema.declarations import columns, setting_paths
from ...data.schema.tables import NO_FIGURES
from ...data.trade.examples import example_names
from ...data.trade.files import ENDINGS

RESULT_FILES = ("plan.json", "frontier.json", "sweep.json")


def cases(given: str | None, incomplete: str) -> list[CompletionItem]:
    """Offer the shipped cases, folders and workbooks."""
    shipped = [
        CompletionItem(case.name, help=case.title) for case in shipped_cases() if case.name.startswith(incomplete)
    ]
    return shipped + _places(incomplete, lambda path: (path / "case.toml").is_file() or path.suffix == ".xlsx")


def trade_data(given: str | None, incomplete: str) -> list[CompletionItem]:
    """Offer the shipped extracts of trade statistics, files of data and folders."""
    shipped = [CompletionItem(name) for name in example_names() if name.startswith(incomplete)]
    return shipped + _places(incomplete, lambda path: path.name.lower().endswith(ENDINGS))


def results(given: str | None, incomplete: str) -> list[CompletionItem]:
    """Offer result folders, and folders on the way to them."""
    return _places(incomplete, _is_result)


def results_and_cases(given: str | None, incomplete: str) -> list[CompletionItem]:
    """Offer result folders, cases, and folders on the way to them."""
    found = [*cases(given, incomplete), *results(given, incomplete)]
    return list({item.value.removesuffix("/"): item for item in found}.values())


def paths(given: str | None, incomplete: str) -> list[CompletionItem]:
    """Offer TABLE.KEY.COLUMN of the figures of a case, piece by piece."""
    case = _case(given)
    stages = [
        [
            f"{name}."
            for name in dict.fromkeys([*TABLES, *(path.split(".")[0] for path in setting_paths())])
            if name not in NO_FIGURES
        ],
        [*setting_paths(), *(f"{table}.{row}." for table in TABLES for row in _ids(case, table))],
        _figure_paths(case, incomplete),
    ]
    for stage in stages:
        offered = [path for path in stage if path.startswith(incomplete) and (path != incomplete or path[-1] != ".")]
        # One alone would end the word; what comes after it leaves the word open.
        if len(offered) > 1 or (offered and not offered[0].endswith(".")):
            return _items(offered)
        if offered:
            incomplete = offered[0]
            stages[-1] = _figure_paths(case, incomplete)
    return []


def figures(given: str | None, incomplete: str) -> list[CompletionItem]:
    """Offer TABLE.KEY.COLUMN=VALUE of the figures of a case; the value in force, or a factor."""
    found = [item.value for item in paths(given, incomplete)]
    if any(path.endswith(".") for path in found) or len(found) != 1:
        return _items(found)
    value = _in_force(_case(given), found[0])
    return _items([f"{found[0]}={value}", f"{found[0]}=*"])


def policies(given: str | None, incomplete: str) -> list[CompletionItem]:
    """Offer REGIME=POLICY of a case."""
    case = _case(given)
    rows = [variant for row in case.policies for variant in row.variants] if case else []
    return _begun((f"{row.regime}={row.policy}" for row in rows), incomplete)


def lanes(given: str | None, incomplete: str) -> list[CompletionItem]:
    """Offer the lanes of a case that can be qualified, and its qualifications."""
    case = _case(given)
    if case is None:
        return []
    lanes = [row.lane for row in case.lanes if row.fixed_cost]
    return _begun([*lanes, *(row.qualification for row in case.qualifications)], incomplete)


def stockpiles(given: str | None, incomplete: str) -> list[CompletionItem]:
    """Offer SITE/ITEM=UNITS of a case, with the most that can be bought."""
    case = _case(given)
    found = (f"{row.id}={row.stockpile_max:g}" for row in case.stocks if row.stockpile_max > 0) if case else ()
    return _begun(found, incomplete)


def _case(given: str | None) -> Case | None:
    """Return the case on the command line; None where there is none, or none that can be read."""
    try:
        return load_case(given) if given else None
    except CaseError:
        return None


def _ids(case: Case | None, table: str) -> Iterable[str]:
    return () if case is None or table in NO_FIGURES else dict.fromkeys(row.id for row in case.rows(table))


def _figure_paths(case: Case | None, incomplete: str) -> list[str]:
    """Return the columns of the row that a path names, and the settings."""
    found = list(setting_paths())
    for table, model in TABLES.items():
        for row in _ids(case, table) if incomplete.startswith(f"{table}.") else ():
            if incomplete.startswith(f"{table}.{row}."):
                found += [f"{table}.{row}.{column}" for column in columns(model) if column not in model.key]
    return found


def _in_force(case: Case | None, path: str) -> str:
    """Return the value of a figure, as --set writes it; nothing where the case has none."""
    if case is None:
        return ""
    if path in setting_paths():
        section, key = setting_paths()[path]
        value = getattr(getattr(case.settings, section), key)
    else:
        table = path.split(".")[0]
        _, key = path.rsplit(".", 1)
        rows = [row for row in case.rows(table) if path == f"{table}.{row.id}.{key}"]
        value = getattr(rows[0], key) if rows else None
    if value is None or (isinstance(value, float) and math.isinf(value)):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _places(incomplete: str, wanted: Callable[[Path], bool]) -> list[CompletionItem]:
    """Offer what is wanted in the folder that a path is in, and the folders there."""
    folder, begun = os.path.split(incomplete)
    try:
        entries = sorted(Path(folder or ".").iterdir())
    except OSError:
        return []
    found = []
    for entry in entries:
        if entry.name.startswith(begun) and (begun or not entry.name.startswith(".")):
            written = os.path.join(folder, entry.name)
            if wanted(entry):
                found.append(written)
            elif entry.is_dir():
                found.append(f"{written}/")
    return _items(found)


def _is_result(path: Path) -> bool:
    return any((path / name).is_file() for name in RESULT_FILES)


def _begun(offered: Iterable[str], incomplete: str) -> list[CompletionItem]:
    return _items(text for text in offered if text.startswith(incomplete))


def _items(offered: Iterable[str]) -> list[CompletionItem]:
    return [CompletionItem(text) for text in offered]
