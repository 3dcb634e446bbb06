"""Trade statistics from the files that people download, normalised in a database on disk."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ..schema.errors import CaseError, Fault, listed
from .areas import find_area
from .files import Finder
from .layouts import BACI, COMTRADE, COUNTRIES, KINDS, PLAIN, PRODUCTS, Layout, Unknown, sniff
from .normalising import normalise
from .rules import DROPPED, Ledger, Treatment
from .staging import Stager, is_full, no_country

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MEMORY = "500MB"
"""What the database may hold in memory; the rest lies on disk."""

CIF_FOB = 1.06
"""What an importer pays (cost, insurance, freight) over what the exporter reports (free on board).

IMF, Direction of Trade Statistics Yearbook 2017: "A CIF/FOB factor of 1.06 is currently used".
"""

NAMES = (COUNTRIES, PRODUCTS)


class TradeError(CaseError):
    """Trade statistics that cannot be used; holds every fault found."""

    def __init__(self, faults: Iterable[Fault]):
        """Take the faults and word the message."""
        super().__init__(faults)
        self.args = (listed(self.faults, "in the trade statistics"),)


@dataclass(frozen=True)
class TradeFile:
    """A file that was read: its name, what it is, how many rows it has."""

    name: str
    kind: str
    rows: int


@dataclass
class Statistics:
    """Trade statistics, read and normalised; close them, or use them in a ``with`` statement.

    Attributes
    ----------
    connection
        The database. Its table ``flows`` has a row a flow and period: ``file`` (place among the files), ``start`` (year * 100 +
        month), ``months`` (1 or 12), ``exporter``, ``importer`` (ISO 3166-1 alpha-3, ``W00`` the world, ``_X`` unspecified),
        ``code``, ``value`` (money), ``quantity`` (in the code's unit, or null), ``paired`` (the value of what has a quantity) and
        ``standin`` (the exporter's report in place of the importer's). Tables ``units`` (code, unit), ``totals`` (start, months,
        exporter, importer, side, value: all goods) and ``reexports`` (start, months, exporter, code, value).
    files
        What was read.
    ledger
        Counts what rules drop and mend.
    texts
        Names of items by code, as the files have them.
    currency
        What values count; an empty text where no file says it.
    kind
        ``comtrade``, ``baci`` or ``plain``.
    """

    connection: DuckDBPyConnection
    files: tuple[TradeFile, ...]
    ledger: Ledger
    texts: dict[str, str]
    currency: str
    kind: str
    _folder: tempfile.TemporaryDirectory[str] = field(repr=False)

    @property
    def treatments(self) -> tuple[Treatment, ...]:
        """What rules dropped and mended so far."""
        return self.ledger.treatments

    @property
    def source(self) -> str:
        """The statistics and the files they come from, in a few words."""
        names = [Path(file.name).name for file in self.files if file.kind not in NAMES]
        return f"{KINDS[self.kind]}: {', '.join(names)}"

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query on the database."""
        return self.connection.execute(query, list(parameters)).fetchall()

    def name(self, code: str) -> str:
        """Return the name of an item, or of the nearest heading that has one; empty where no file has it."""
        if code in self.texts:
            return self.texts[code]
        headings = [code[:size] for size in (6, 4, 2) if code.isdigit() and size < len(code)]
        finer = sorted(known for known in self.texts if code.isdigit() and known.startswith(code))
        return next((self.texts[known] for known in [*headings, *finer[:1]] if known in self.texts), "")

    def close(self) -> None:
        """Close the database and remove its file."""
        self.connection.close()
        self._folder.cleanup()

    def __enter__(self) -> Statistics:
        """Return the statistics."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close them."""
        self.close()


def read_statistics(
    data: Sequence[str | PathLike[str]],
    *,
    origin: str | None = None,
    destination: str | None = None,
    cif_fob: float = CIF_FOB,
    scratch: str | PathLike[str] | None = None,
) -> Statistics:
    """Read trade statistics: UN Comtrade (API and bulk), CEPII BACI, or plain tables.

    Parameters
    ----------
    data
        Files, folders of files, ``.zip`` archives, or the name of a shipped extract. All data files are of one kind; files of
        country codes and product names may stand beside them.
    origin, destination
        Country of every row of a plain table without such a column.
    cif_fob
        Factor from an exporter's report, free on board, to what the importer pays.
    scratch
        Folder in which the folder of the database is made; by default that for temporary files.

    Raises
    ------
    TradeError
        With all faults: files that are no trade statistics, cells that cannot be read.
    """
    import duckdb

    try:
        folder = tempfile.TemporaryDirectory(prefix="sluicegate-trade-", dir=scratch, ignore_cleanup_errors=True)
    except OSError as error:
        raise _no_room(error.strerror or str(error)) from None
    try:
        connection = _database(Path(folder.name))
        try:
            return _read(connection, folder, data, {"exporter": origin, "importer": destination}, cif_fob)
        except BaseException:
            connection.close()
            raise
    except duckdb.Error as error:
        folder.cleanup()
        if is_full(error):
            raise _no_room(str(error).splitlines()[0]) from None
        raise
    except BaseException:
        folder.cleanup()
        raise


def _no_room(words: str) -> TradeError:
    message = f"no room for the database of the statistics: {words}; name another folder with the variable TMPDIR"
    return TradeError([Fault(tempfile.gettempdir(), message)])


def _database(folder: Path) -> DuckDBPyConnection:
    import duckdb

    options: dict[str, Any] = {
        # One thread adds numbers up in one order.
        "threads": 1,
        "preserve_insertion_order": False,
        "memory_limit": MEMORY,
        "temp_directory": str(folder / "spilled"),
        # Nothing is fetched from the network.
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    connection = duckdb.connect(str(folder / "trade.duckdb"), config=options)
    connection.execute("set enable_progress_bar = false")
    return connection


def _read(
    connection: DuckDBPyConnection,
    folder: tempfile.TemporaryDirectory[str],
    data: Sequence[str | PathLike[str]],
    fixed: dict[str, str | None],
    cif_fob: float,
) -> Statistics:
    faults = [
        Fault(option, no_country(text), value=text)
        for option, text in (("--origin", fixed["exporter"]), ("--destination", fixed["importer"]))
        if text is not None and find_area(text) is None
    ]
    layouts = []
    for path, shown in Finder(Path(folder.name), faults).files(data):
        try:
            layouts.append(sniff(path, shown))
        except Unknown as problem:
            faults.append(problem.fault)
    faults += _check_together(layouts)
    _raise(faults)
    # Names first: they tell what the numbers of the data mean.
    layouts.sort(key=lambda layout: layout.kind not in NAMES)
    ledger = Ledger()
    stager = Stager(connection, faults, ledger, fixed)
    steps: dict[str, Callable[[Layout, int], int]] = {
        COUNTRIES: stager.countries,
        PRODUCTS: stager.products,
        BACI: stager.baci,
        COMTRADE: stager.comtrade,
        PLAIN: stager.plain,
    }
    files = tuple(
        TradeFile(layout.shown, layout.kind, steps[layout.kind](layout, place)) for place, layout in enumerate(layouts)
    )
    if len(stager.currencies) > 1:
        (one, here), (other, there) = list(stager.currencies.items())[:2]
        faults.append(Fault(there, f"values in {other}, while {here} has {one}; bring them to one currency"))
    _raise(faults)
    kind = next(layout.kind for layout in layouts if layout.kind not in NAMES)
    if kind == BACI:
        stager.numbers()
    normalise(connection, kind, ledger, cif_fob)
    currency = next(iter(stager.currencies), "")
    statistics = Statistics(connection, files, ledger, stager.texts, currency, kind, folder)
    if not statistics.rows("select 1 from flows limit 1"):
        dropped = [f"{entry.rows:,} {entry.rule.title}" for entry in ledger.treatments if entry.rule.action == DROPPED]
        told = f"; dropped: {', '.join(dropped)}" if dropped else ""
        raise TradeError([Fault(", ".join(file.name for file in files), f"no flow of goods is left{told}")])
    return statistics


def _check_together(layouts: Sequence[Layout]) -> list[Fault]:
    """Return the faults of files that do not belong together."""
    first: dict[str, Layout] = {}
    for layout in layouts:
        if layout.kind not in NAMES:
            first.setdefault(layout.kind, layout)
    if len(first) > 1:
        one, other = list(first.values())[:2]
        message = (
            f"{KINDS[other.kind]}, while {one.shown} is {KINDS[one.kind]}; they report the same trade and cannot be "
            "added up: give one of them"
        )
        return [Fault(other.shown, message)]
    if layouts and not first:
        return [Fault(layouts[0].shown, f"only {KINDS[layouts[0].kind]}; give the data too")]
    return []


def _raise(faults: Sequence[Fault]) -> None:
    if faults:
        raise TradeError(faults)
