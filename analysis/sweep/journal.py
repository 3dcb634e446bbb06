"""Rows of a sweep that runs, in a SQLite database: on the disk when their commit returns, each under a digest of its own."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sqlite3
import struct
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from ...data.storage.atomic import sync_folder
from .columns import kind_of

FILE = "rows.sqlite"
LOG, INDEX = "-wal", "-shm"
"""What SQLite appends to the name of a database for its write-ahead log, and for the index of that."""

TABLES = (
    "create table layouts (id integer primary key, columns text not null unique) strict",
    """
    create table rows (
        sample integer not null, mode text not null, status text not null, design text not null,
        layout integer not null references layouts, outcome text not null, digest blob not null,
        primary key (sample, mode)
    ) strict
    """,
)
"""`outcome` is a JSON array of a row's values, `columns` an object of what each holds by name: rows share a few layouts."""

ADD = "insert into rows values (?, ?, ?, ?, ?, ?, ?) on conflict do nothing"
READ = "select sample, mode, status, design, layout, outcome, digest from rows order by rowid"

FAULTS = (sqlite3.Error, OverflowError, UnicodeError, TypeError, KeyError)
"""What reading a damaged database can end in."""

LOG_HEADER, FRAME_HEADER = struct.Struct(">8I"), struct.Struct(">6I")
"""SQLite's file format, section 4: of the log (magic, version, page size, sequence, salts, checksums) and of each page in it."""


class Damaged(Exception):
    """A database whose rows are not those that were written; says of which file, and what is wrong with it."""

    def __init__(self, path: Path, why: str):
        self.path = path
        super().__init__(f"{path} cannot be read: {why}")


class Entry(NamedTuple):
    """A row: what it is a sample of, what came of it, and its values by column."""

    sample: int
    mode: str
    status: str
    design: str
    columns: Mapping[str, str]
    outcome: str

    @property
    def cells(self) -> list[Any]:
        """What the columns hold."""
        return json.loads(self.outcome)

    @property
    def row(self) -> dict[str, Any]:
        """Values by column."""
        return dict(zip(self.columns, self.cells, strict=True))


class Journal:
    """Rows of a sweep in the order of their writing.

    One process writes, which the lock of the folder sees to; others may read meanwhile. Every row is stored with the SHA-256
    of its content, because SQLite does not notice a changed cell; what it has in its log and tables is checked as well.

    Parameters
    ----------
    path
        The database; it need not be there.
    """

    def __init__(self, path: Path):
        self.path = path
        self._writer: sqlite3.Connection | None = None

    @property
    def is_there(self) -> bool:
        """Whether there is a database."""
        return self.path.exists()

    # Writing -------------------------------------------------------------------------------------------------------

    def add(self, rows: Sequence[Mapping[str, Any]], design: str) -> None:
        """Add rows; they are on the disk when this returns, all or none. A sample that has a row of this mode keeps it.

        Raises
        ------
        OSError
            Where they cannot be written; rows added before stay.
        """
        try:
            writer = self._opened()
            with _transaction(writer):
                layouts = _Layouts(writer)
                writer.executemany(ADD, (layouts.content(row, design) for row in rows))
        except sqlite3.Error as error:
            raise self._cause(error) from error

    def _opened(self) -> sqlite3.Connection:
        """Return the connection that writes; the database is made where there is none."""
        if self._writer is None:
            is_new = not self.is_there
            if is_new:
                # A log without its database is of one that was removed.
                self.remove()
            writer = sqlite3.connect(self.path, isolation_level=None)
            try:
                writer.execute("pragma journal_mode = wal")
                writer.execute("pragma synchronous = full")
                if not _has_rows(writer):
                    with _transaction(writer):
                        for table in TABLES:
                            writer.execute(table)
            except BaseException:
                writer.close()
                raise
            self._writer = writer
            if is_new:
                sync_folder(self.path.parent)
        return self._writer

    def _cause(self, error: sqlite3.Error) -> OSError:
        """Return why the system cannot write, which SQLite does not say."""
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
            return OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        try:
            with tempfile.TemporaryFile(dir=self.path.parent) as file:
                file.write(bytes(1 << 16))
                file.flush()
        except OSError as found:
            return found
        return OSError(errno.EIO, f"{self.path.name}: {error}")

    def close(self) -> None:
        """End writing; the log is merged into the database where that can be done, and stays beside it elsewhere."""
        if self._writer is not None:
            with contextlib.suppress(sqlite3.Error):
                self._writer.execute("pragma journal_mode = delete")
            self._writer.close()
            self._writer = None

    def remove(self) -> None:
        """Remove the database; whenever the process ends, what is left of it is whole or is no database."""
        self.close()
        for path in self._files():
            path.unlink(missing_ok=True)

    def move(self, target: Path) -> None:
        """Move the database, and its log with it, to another name."""
        self.close()
        os.rename(self.path, target)
        with contextlib.suppress(FileNotFoundError):
            os.rename(self._files()[1], target.with_name(target.name + LOG))
        self.remove()

    def _files(self) -> list[Path]:
        return [self.path.with_name(f"{self.path.name}{end}") for end in ("", LOG, INDEX)]

    # Reading -------------------------------------------------------------------------------------------------------

    def entries(self) -> Iterator[Entry]:
        """Yield all rows, in the order of their writing.

        Raises
        ------
        Damaged
            Where a row, a table or the log is not as it was written; rows before it have been yielded.
        """
        if not self.is_there:
            return
        if self._writer is None and self._log_is_cut():
            raise Damaged(self._files()[1], "it was changed since it was written")
        try:
            with self._reading() as reader:
                if not _has_rows(reader):
                    return
                layouts = _Layouts(reader)
                for content in reader.execute(READ):
                    entry = layouts.entry(*content)
                    if entry is None:
                        sample, mode, *_ = content
                        raise Damaged(
                            self.path, f"the row of sample {sample}, {mode}, was changed since it was written"
                        )
                    yield entry
                (state,) = reader.execute("pragma integrity_check(1)").fetchone()
        except FAULTS as error:
            raise Damaged(self.path, str(error)) from error
        if state != "ok":
            raise Damaged(self.path, state.replace("\n", " "))

    def columns(self) -> list[Mapping[str, str]]:
        """Return what the columns of rows hold, by name, for every set of columns there is.

        Raises
        ------
        Damaged
            Where that cannot be read.
        """
        if not self.is_there:
            return []
        try:
            with self._reading() as reader:
                return _Layouts(reader).all if _has_rows(reader) else []
        except FAULTS as error:
            raise Damaged(self.path, str(error)) from error

    def undamaged(self) -> Iterator[Entry]:
        """Yield the rows that can be read and are as they were written."""
        with contextlib.suppress(*FAULTS), self._reading() as reader:
            layouts = _Layouts(reader)
            yield from filter(None, (layouts.entry(*content) for content in reader.execute(READ)))

    def _log_is_cut(self) -> bool:
        """Return whether the log was changed; what is read while another process writes to it shows nothing."""
        before, log = b"", self._files()[1]
        with contextlib.suppress(FileNotFoundError):
            while is_cut(content := log.read_bytes()):
                if content == before:
                    return True
                before = content
        return False

    def count(self) -> int:
        """Return how many rows there are; of a database that cannot be read, 0."""
        with contextlib.suppress(*FAULTS):
            if self.is_there:
                with self._reading() as reader:
                    return int(reader.execute("select count(*) from rows").fetchone()[0])
        return 0

    @contextlib.contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Give a connection that sees all rows that are committed and changes nothing."""
        if self._writer is not None:
            yield self._writer
            return
        with contextlib.ExitStack() as stack:
            yield self._connected(stack)

    def _connected(self, stack: contextlib.ExitStack) -> sqlite3.Connection:
        """Open the database to read; where nothing may be written beside it, as its log asks for, a copy of both."""
        try:
            return _read_only(self.path, stack)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                raise
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sluicegate-")))
        for path in self._files()[:2]:
            with contextlib.suppress(FileNotFoundError):
                shutil.copyfile(path, folder / path.name)
        return _read_only(folder / self.path.name, stack)


def _read_only(path: Path, stack: contextlib.ExitStack) -> sqlite3.Connection:
    reader = stack.enter_context(contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)))
    # Opens the file, which connecting does not.
    reader.execute("select count(*) from sqlite_master").fetchone()
    return reader


def _has_rows(connection: sqlite3.Connection) -> bool:
    """Return whether the tables are there: a process may have ended before it had made them.

    Raises
    ------
    sqlite3.DatabaseError
        Where others are.
    """
    tables = sorted(name for (name,) in connection.execute("select name from sqlite_master where type = 'table'"))
    if tables not in ([], ["layouts", "rows"]):
        raise sqlite3.DatabaseError(f"it holds {', '.join(tables)} instead of rows of a sweep")
    return bool(tables)


@contextlib.contextmanager
def _transaction(writer: sqlite3.Connection) -> Iterator[None]:
    writer.execute("begin immediate")
    try:
        yield
        writer.execute("commit")
    except BaseException:
        if writer.in_transaction:
            writer.execute("rollback")
        raise


class _Layouts:
    """The layouts of a database's rows, each with the beginning of its rows' digests."""

    def __init__(self, connection: sqlite3.Connection):
        self._connection = connection
        self._numbers: dict[str, int] = {}
        self._known: dict[int, tuple[Mapping[str, str], hashlib._Hash]] = {}
        self._by_shape: dict[tuple[tuple[str, ...], tuple[type, ...]], int] = {}
        for number, columns in connection.execute("select id, columns from layouts"):
            self._learn(number, columns)

    @property
    def all(self) -> list[Mapping[str, str]]:
        """What the columns of each hold."""
        return [columns for columns, _ in self._known.values()]

    def _learn(self, number: int, columns: str) -> None:
        with contextlib.suppress(ValueError):
            self._known[number] = json.loads(columns), hashlib.sha256(columns.encode())
            self._numbers[columns] = number

    def content(self, row: Mapping[str, Any], design: str) -> tuple[Any, ...]:
        """Return what is stored of a row."""
        values = list(row.values())
        shape = tuple(row), tuple(map(type, values))
        if shape not in self._by_shape:
            self._by_shape[shape] = self._number(row)
        stored = row["sample"], row["mode"], row["status"], design, self._by_shape[shape], _encode(values)
        return *stored, self._digest(*stored)

    def _number(self, row: Mapping[str, Any]) -> int:
        columns = _encode({name: kind_of(name, value) for name, value in row.items()})
        if columns not in self._numbers:
            number = self._connection.execute("insert into layouts (columns) values (?)", (columns,)).lastrowid
            assert number is not None
            self._learn(number, columns)
        return self._numbers[columns]

    def entry(
        self, sample: int, mode: str, status: str, design: str, layout: int, outcome: str, digest: bytes
    ) -> Entry | None:
        """Return a row that was stored; None where it is not as it was."""
        if layout not in self._known or digest != self._digest(sample, mode, status, design, layout, outcome):
            return None
        return Entry(sample, mode, status, design, self._known[layout][0], outcome)

    def _digest(self, sample: int, mode: str, status: str, design: str, layout: int, outcome: str) -> bytes:
        found = self._known[layout][1].copy()
        found.update(f"\n{sample}\n{mode}\n{status}\n{design}\n{outcome}".encode())
        return found.digest()


def _plain(value: Any) -> Any:
    """Return a number of numpy's as one of Python's."""
    if hasattr(value, "item"):
        return value.item()
    raise TypeError(f"{value!r} cannot be kept in a row")


_encode = json.JSONEncoder(default=_plain, separators=(",", ":")).encode


def is_cut(log: bytes) -> bool:
    """Return whether a write-ahead log was changed, so that SQLite leaves out transactions at its end.

    SQLite takes a page whose checksum is wrong for the place where the process ended. Where pages of the same log follow, it
    was not: pages are written one after the other.

    Parameters
    ----------
    log
        The file's content.
    """
    if len(log) < LOG_HEADER.size + FRAME_HEADER.size:
        return False
    magic, _, size, _, *salts, first, second = LOG_HEADER.unpack_from(log)
    order = ">" if magic & 1 else "<"
    if _checksum(log[: LOG_HEADER.size - 8], order) != (first, second):
        return True
    sums, step = (first, second), FRAME_HEADER.size + size
    frames = range(LOG_HEADER.size, len(log) - step + 1, step)
    for place in frames:
        *_, salt, other, first, second = FRAME_HEADER.unpack_from(log, place)
        sums = _checksum(log[place : place + 8] + log[place + FRAME_HEADER.size : place + step], order, sums)
        if [salt, other] != salts or sums != (first, second):
            later = frames[frames.index(place) + 1 :]
            return any(list(FRAME_HEADER.unpack_from(log, after)[2:4]) == salts for after in later)
    return False


def _checksum(content: bytes, order: str, start: tuple[int, int] = (0, 0)) -> tuple[int, int]:
    """Return the checksum of SQLite's write-ahead log over an even number of words."""
    first, second = start
    words = iter(struct.unpack(f"{order}{len(content) // 4}I", content))
    for word, following in zip(words, words, strict=True):
        first = (first + word + second) & 0xFFFFFFFF
        second = (second + following + first) & 0xFFFFFFFF
    return first, second
