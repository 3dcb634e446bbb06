"""Rows of a sweep on disk: appended durably, never by halves."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

META, BASE, DESIGN, CASE, ROWS = "sweep.json", "base.json", "design.parquet", "case", "rows"
PART = re.compile(r"part-(\d+)\.parquet")
WHOLE = "all.parquet"
LOCK = ".lock"

Row = Mapping[str, Any]


class SweepError(Exception):
    """A sweep folder that cannot be written or continued, in words that say what to do."""


class Dataset:
    """The folder of a sweep.

    Every append is a file of its own, written under another name, forced to the disk and renamed: a row is there whole or not
    at all, whenever the process ends. `compact` gathers the files in one.

    Parameters
    ----------
    folder
        A folder that `create` made.
    """

    def __init__(self, folder: str | os.PathLike[str]):
        self.folder = Path(folder)
        self.rows = self.folder / ROWS
        self._lock: int | None = None
        self._last = 0

    # Making and opening --------------------------------------------------------------------------------------------

    @classmethod
    def create(
        cls,
        folder: str | os.PathLike[str],
        meta: Mapping[str, Any],
        base: Mapping[str, Any],
        samples: pd.DataFrame,
        write_case: Any,
        *,
        force: bool = False,
    ) -> Dataset:
        """Make the folder of a new sweep; it appears with all that describes the sweep or not at all.

        Parameters
        ----------
        folder
            A new or empty folder.
        meta, base
            ``sweep.json`` and ``base.json``.
        samples
            The design's samples.
        write_case
            Called with the folder the case goes to.
        force
            Replace the sweep in the folder.

        Raises
        ------
        SweepError
            Where the folder is not empty or cannot be written.
        """
        named, target = Path(folder), Path(folder).resolve()
        with _told(named):
            refuse_occupied(named, force=force)
            target.parent.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(prefix=".sluicegate-", dir=target.parent))
            try:
                made = scratch / "sweep"
                (made / ROWS).mkdir(parents=True)
                write_case(made / CASE)
                samples.to_parquet(made / DESIGN)
                write_json(made / BASE, base)
                write_json(made / META, meta)
                if target.exists():
                    os.rename(target, scratch / "replaced")
                os.rename(made, target)
                _force_to_disk(target.parent)
            finally:
                shutil.rmtree(scratch, ignore_errors=True)
        return cls(named)

    def __enter__(self) -> Dataset:
        """Take the folder for this process; drop what an earlier one left unfinished."""
        with _told(self.folder):
            self._lock = _lock(self.folder / LOCK)
            for leftover in self.rows.glob(".*"):
                leftover.unlink()
            self._last = max(
                (int(found[1]) for path in self.files() if (found := PART.fullmatch(path.name))), default=0
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @property
    def meta(self) -> dict[str, Any]:
        """``sweep.json``."""
        return read_json(self.folder / META)

    # Rows ----------------------------------------------------------------------------------------------------------

    def files(self) -> list[Path]:
        """Files of finished rows, the gathered one first, then in the order of their writing."""
        whole = [self.rows / WHOLE] if (self.rows / WHOLE).exists() else []
        parts = [path for path in self.rows.iterdir() if PART.fullmatch(path.name)]
        return [*whole, *sorted(parts)]

    def append(self, rows: Sequence[Row]) -> None:
        """Add rows; they are on the disk when this returns.

        Raises
        ------
        SweepError
            Where they cannot be written; rows appended before stay.
        """
        if not rows:
            return
        with _told(self.folder):
            self._place(table_of(rows), self.rows / f"part-{self._last + 1:08d}.parquet")
        self._last += 1

    def _place(self, table: pa.Table, target: Path) -> None:
        import pyarrow.parquet as pq

        scratch = target.with_name(f".{target.name}")
        try:
            with scratch.open("wb") as file:
                pq.write_table(table, file)
                file.flush()
                os.fsync(file.fileno())
            os.replace(scratch, target)
        except BaseException:
            with contextlib.suppress(OSError):
                scratch.unlink(missing_ok=True)
            raise
        _force_to_disk(self.rows)

    def finished(self) -> dict[str, set[int]]:
        """Samples with a row, by status."""
        import pyarrow.parquet as pq

        found: dict[str, set[int]] = {}
        for path in self.files():
            columns = pq.read_table(path, columns=["sample", "status"]).to_pydict()
            for sample, status in zip(columns["sample"], columns["status"], strict=True):
                found.setdefault(status, set()).add(sample)
        return found

    def compact(self) -> None:
        """Gather all rows in one file, a row group for each of the files there were."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        files = self.files()
        if len(files) < 2:
            return
        schema = _schema(files)
        target, scratch = self.rows / WHOLE, self.rows / f".{WHOLE}"
        seen: set[tuple[int, str]] = set()
        with _told(self.folder):
            with scratch.open("wb") as file:
                with pq.ParquetWriter(file, schema) as writer:
                    waiting: list[pa.Table] = []
                    for path in files:
                        waiting.append(_fitted(_unseen(_read(path), seen), schema))
                        if sum(table.num_rows for table in waiting) >= GROUP:
                            writer.write_table(pa.concat_tables(waiting))
                            waiting = []
                    writer.write_table(pa.concat_tables([schema.empty_table(), *waiting]))
                file.flush()
                os.fsync(file.fileno())
            os.replace(scratch, target)
            _force_to_disk(self.rows)
            # Were the process to end here, rows would be there twice; readers take each once.
            for path in files:
                if path != target:
                    path.unlink()

    def frame(self) -> pd.DataFrame:
        """All rows, in the order of sample and mode."""
        import pandas as pd
        import pyarrow as pa

        files = self.files()
        if not files:
            return pd.DataFrame({"sample": pd.Series(dtype="int64"), "mode": pd.Series(dtype=object)})
        schema, seen = _schema(files), set[tuple[int, str]]()
        table = pa.concat_tables([_fitted(_unseen(_read(path), seen), schema) for path in files])
        # Free comes before fixed.
        return table.to_pandas().sort_values(["sample", "mode"], ascending=[True, False], ignore_index=True)


GROUP = 4096
"""Rows that are held at a time while files are gathered."""

TEXTS = ("mode", "status", "message", "solved", "worst_package", "policies")
"""Columns that hold text, besides ``policy.REGIME`` and the inputs that do."""


def table_of(rows: Sequence[Row]) -> pa.Table:
    """Return rows as a table; a column that a row does not have is null there."""
    import pyarrow as pa

    names = dict.fromkeys(name for row in rows for name in row)
    arrays = {}
    for name in names:
        values = [row.get(name) for row in rows]
        if name == "sample":
            arrays[name] = pa.array(values, pa.int64())
        elif name in TEXTS or name.startswith("policy.") or any(isinstance(value, str) for value in values):
            arrays[name] = pa.array(values, pa.string())
        else:
            arrays[name] = pa.array(values, pa.float64())
    return pa.table(arrays)


def _schema(files: Sequence[Path]) -> pa.Schema:
    import pyarrow as pa
    import pyarrow.parquet as pq

    return pa.unify_schemas([pq.read_schema(path) for path in files])


def _read(path: Path) -> pa.Table:
    import pyarrow.parquet as pq

    # Files are small: handing them out to threads costs more than it brings.
    with pq.ParquetFile(path) as file:
        return file.read(use_threads=False)


def _fitted(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """Return a table with all columns of a schema, those it does not have null."""
    import pyarrow as pa

    if table.schema == schema:
        return table
    own = dict(zip(table.column_names, table.columns, strict=True))
    columns = [own[field.name] if field.name in own else pa.nulls(table.num_rows, field.type) for field in schema]
    return pa.table(columns, schema=schema)


def _unseen(table: pa.Table, seen: set[tuple[int, str]]) -> pa.Table:
    """Return the rows that are not among those seen, which they join."""
    keys = list(zip(table["sample"].to_pylist(), table["mode"].to_pylist(), strict=True))
    fresh = [key not in seen for key in keys]
    seen.update(keys)
    return table if all(fresh) else table.filter(fresh)


# Files -------------------------------------------------------------------------------------------------------------


def write_json(path: Path, document: Any) -> None:
    """Write a document so that it is there whole or not at all."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    scratch = path.with_name(f".{path.name}")
    with scratch.open("wb") as file:
        file.write(text.encode("utf-8", "backslashreplace"))
        file.flush()
        os.fsync(file.fileno())
    os.replace(scratch, path)


def read_json(path: Path) -> Any:
    """Read a document.

    Raises
    ------
    SweepError
        Where there is none.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SweepError(
            f"{path.parent} is no sweep folder: {path.name} is missing or unreadable; run `sluicegate sweep` first"
        ) from error


def refuse_occupied(folder: Path, *, force: bool) -> None:
    """Refuse a folder that holds something else, or a sweep that is not to be replaced.

    Raises
    ------
    SweepError
        Saying what to do.
    """
    if folder.exists() and not folder.is_dir():
        raise SweepError(f"{folder} is a file; name a folder with -o")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / META).is_file():
        raise SweepError(f"{folder} is not empty and holds no {META}, so it is not replaced; name a new folder with -o")
    if not force:
        raise SweepError(f"{folder} holds a sweep; continue it with --resume, replace it with --force, or name another")


def try_room(folder: Path) -> None:
    """Try whether the folder of a sweep can be made, before the work that fills it.

    Raises
    ------
    SweepError
        Where it cannot.
    """
    above = next(place for place in folder.resolve().parents if place.exists())
    try:
        os.rmdir(tempfile.mkdtemp(prefix=".sluicegate-", dir=above))
    except OSError as error:
        reason = error.strerror or str(error)
        raise SweepError(
            f"{folder} cannot be written: {reason[:1].lower()}{reason[1:]}; name a folder in another place with -o"
        ) from error


def _lock(path: Path) -> int | None:
    """Keep a second process from writing to the same sweep; where the system has no such locks, nothing is kept."""
    try:
        import fcntl
    except ImportError:
        return None
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise SweepError(f"{path.parent} is being written by another process; wait for it, or end it") from None
    return handle


def _force_to_disk(folder: Path) -> None:
    """Make renames in a folder last."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def _told(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "free some space" if error.errno in (errno.ENOSPC, errno.EFBIG, errno.EDQUOT) else "see to it"
        raise SweepError(
            f"{folder} cannot be written: {reason[:1].lower()}{reason[1:]}. Rows finished before are kept; "
            f"{hint}, then continue with --resume"
        ) from error
