"""Rows of a sweep on disk: appended durably, never by halves."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, TypeVar

from ...data.storage.atomic import (
    Locked,
    Reserved,
    half_replaced,
    is_full,
    reason,
    remove_scratch,
    sync_folder,
    write_file,
    writing,
)
from ...data.storage.digests import add_digest, check_digests, digest_of, keep_digests, stream_digest, write_digests
from ..shapes import Document, read_document

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

META, BASE, DESIGN, CASE, ROWS = "sweep.json", "base.json", "design.parquet", "case", "rows"
PART = re.compile(r"part-(\d+)\.parquet")
WHOLE = "all.parquet"

ASIDE = "set-aside"
"""Where files of rows go that are not those of the sweep."""

MARK = "design"
"""Column that holds the digest of the design that a row is a sample of."""

Row = Mapping[str, Any]
T = TypeVar("T")


class SweepError(Exception):
    """A sweep folder that cannot be written or continued, in words that say what to do."""


class SweepStore:
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
        place: Reserved | None = None,
        force: bool = False,
    ) -> SweepStore:
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
        place
            What `held` gave for the folder; by default it is held while the sweep is made.
        force
            Replace the sweep in the folder.

        Raises
        ------
        SweepError
            Where the folder is not empty or cannot be written; what was there stays.
        """
        named = Path(folder)
        if place is None:
            with held(named) as place:
                return cls.create(named, meta, base, samples, write_case, place=place, force=force)
        refuse_occupied(named, force=force)
        try:
            with place.making() as made:
                (made / ROWS).mkdir()
                write_case(made / CASE)
                _write_parquet(samples, made / DESIGN)
                write_json(made / BASE, base)
                write_json(made / META, meta)
                write_digests(made)
                place.put(made, replace=force)
        except OSError as error:
            there = "the sweep in it is as it was" if (named / META).is_file() else "nothing was written"
            room = "free some space, or name" if is_full(error) else "name"
            raise SweepError(
                f"{named} cannot be written: {reason(error, named)}; {there}; {room} a folder in another place with -o"
            ) from error
        return cls(named)

    def __enter__(self) -> SweepStore:
        """Begin to add rows to a folder that is held; drop what an earlier process left unfinished."""
        with _told(self):
            remove_scratch(self.rows)
            self._last = max(
                (int(found[1]) for path in self.files() if (found := PART.fullmatch(path.name))), default=0
            )
        return self

    def __exit__(self, *_: object) -> None:
        """Rows are on the disk as they are added; nothing is left to do."""

    @property
    def meta(self) -> dict[str, Any]:
        """``sweep.json``."""
        return read_json(self.folder / META)

    @cached_property
    def design_digest(self) -> str:
        """Digest of the design, which every row carries."""
        return str(self.meta.get("design_digest"))

    # Rows ----------------------------------------------------------------------------------------------------------

    def files(self) -> list[Path]:
        """Files of finished rows, the gathered one first, then in the order of their writing."""
        try:
            names = os.listdir(self.rows)
        except OSError as error:
            raise SweepError(f"{self.rows} cannot be read: {reason(error)}") from error
        parts = sorted(name for name in names if PART.fullmatch(name))
        return [self.rows / name for name in ([WHOLE] if WHOLE in names else []) + parts]

    def append(self, rows: Sequence[Row]) -> None:
        """Add rows; they are on the disk when this returns.

        Raises
        ------
        SweepError
            Where they cannot be written; rows appended before stay.
        """
        if rows:
            self._add(table_of([{**row, MARK: self.design_digest} for row in rows]))

    def _add(self, table: pa.Table) -> None:
        """Write a file of rows that carry the digest of their design."""
        content = io.BytesIO()
        _write_table(table, content)
        target = self.rows / f"part-{self._last + 1:08d}.parquet"
        with _told(self):
            # Listed first: rows without a digest would look as if they had been added by somebody else.
            add_digest(self.folder, f"{ROWS}/{target.name}", digest_of(content.getvalue()))
            write_file(content.getvalue(), target)
        self._last += 1

    def set_aside(self) -> list[str]:
        """Move files with rows that are not those of this sweep to another folder, and say so.

        Rows of another design are told by the digest that each carries, files that were changed or added by somebody else by
        their own; rows of this design are kept where their file is as it was written.

        Returns
        -------
        list of str
            What was done, in words; empty where all rows are those of this sweep.
        """
        altered = {name for name in check_digests(self.folder).altered if name.startswith(f"{ROWS}/")}
        words = []
        for path in self.files():
            table = _read(path)
            own = self._own(table) if MARK in table.column_names else table.slice(0, 0)
            changed = f"{ROWS}/{path.name}" in altered
            others = table.num_rows - own.num_rows
            if not changed and not others:
                continue
            with _told(self):
                if not changed and own.num_rows:
                    self._add(own)
                place = self._aside(path)
            why = "changed since it was written" if changed else f"{others:,} rows that are not of this design"
            words.append(f"{path.name} ({why}) is set aside as {place}; its samples are solved again")
        return words

    def _aside(self, path: Path) -> Path:
        """Move a file of rows out of the way, and return where it is."""
        place = self.folder / ASIDE
        place.mkdir(exist_ok=True)
        target, number = place / path.name, 1
        while target.exists():
            number += 1
            target = place / f"{path.stem}-{number}{path.suffix}"
        os.rename(path, target)
        sync_folder(self.rows)
        return target

    def _own(self, table: pa.Table) -> pa.Table:
        """Return the rows of this design; all of them where an older version wrote them without its digest."""
        import pyarrow.compute as pc

        if MARK not in table.column_names:
            return table
        return table.filter(pc.equal(table[MARK], self.design_digest))

    def others(self) -> int:
        """Return how many rows are of another design."""
        tables = map(_read, self.files())
        return sum(table.num_rows - self._own(table).num_rows for table in tables)

    def finished(self) -> pd.DataFrame:
        """Sample, mode and status of every row of this design, each row once."""
        import pandas as pd

        columns = ["sample", "mode", "status"]
        parts = [self._own(_read(path)).select(columns).to_pandas() for path in self.files()]
        found = pd.concat(parts) if parts else pd.DataFrame(columns=columns)
        return found.drop_duplicates(columns[:2], ignore_index=True)

    def compact(self) -> None:
        """Gather all rows in one file, a row group for each of the files there were."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        files = self.files()
        if not files or [path.name for path in files] == [WHOLE]:
            return
        schema = _schema(files)
        target = self.rows / WHOLE
        seen: set[tuple[int, str]] = set()
        with _told(self):
            with writing(target) as file:
                with pq.ParquetWriter(file, schema) as writer:
                    waiting: list[pa.Table] = []
                    for path in files:
                        waiting.append(_fitted(_unseen(self._own(_read(path)), seen), schema))
                        if sum(table.num_rows for table in waiting) >= GROUP:
                            writer.write_table(pa.concat_tables(waiting))
                            waiting = []
                    writer.write_table(pa.concat_tables([schema.empty_table(), *waiting]))
                add_digest(self.folder, f"{ROWS}/{WHOLE}", stream_digest(file))
            # Were the process to end here, rows would be there twice; readers take each once.
            for path in files:
                if path != target:
                    path.unlink()
            keep_digests(self.folder, lambda name: not PART.fullmatch(name.removeprefix(f"{ROWS}/")))

    def frame(self) -> pd.DataFrame:
        """All rows, in the order of sample and mode."""
        import pandas as pd
        import pyarrow as pa

        files = self.files()
        if not files:
            return pd.DataFrame({"sample": pd.Series(dtype="int64"), "mode": pd.Series(dtype=object)})
        schema, seen = _schema(files), set[tuple[int, str]]()
        table = pa.concat_tables([_fitted(_unseen(self._own(_read(path)), seen), schema) for path in files])
        if MARK in table.column_names:
            table = table.drop_columns([MARK])
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

    try:
        return pa.unify_schemas([_parquet(path, lambda file: file.schema_arrow) for path in files])
    except (pa.ArrowException, TypeError, ValueError) as error:
        raise SweepError(f"the files in {files[0].parent} do not hold the same columns: {error}") from error


def _read(path: Path) -> pa.Table:
    """Read a file of rows.

    Raises
    ------
    SweepError
        Where it cannot be read or holds no rows of a sweep.
    """
    # Files are small: handing them out to threads costs more than it brings.
    table = _parquet(path, lambda file: file.read(use_threads=False))
    for name, kind in {"sample": "int64", **dict.fromkeys(("mode", "status"), "string")}.items():
        found = str(table.schema.field(name).type) if name in table.column_names else "missing"
        if found.removeprefix("large_") != kind:
            raise SweepError(f"{path} holds no rows of a sweep: column {name} is {found} instead of {kind}")
        if table[name].null_count:
            raise SweepError(f"{path} holds no rows of a sweep: column {name} has empty cells")
    return table


def _parquet(path: Path, read: Callable[[Any], T]) -> T:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        # pyarrow takes no path that is not Unicode, which a name from a file system may be.
        with path.open("rb") as content, pq.ParquetFile(content) as file:
            return read(file)
    except (OSError, ValueError, TypeError, KeyError, pa.ArrowException) as error:
        raise SweepError(
            f"{path} cannot be read: {_first(error)}; move it away, and `sluicegate sweep ... --resume` solves its samples again"
        ) from error


def _first(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]


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
    write_file(text.encode("utf-8", "backslashreplace"), path)


def read_json(path: Path, shape: type[Document] | None = None) -> dict[str, Any]:
    """Read a document of a sweep.

    Parameters
    ----------
    path
        The file.
    shape
        What it has to look like.

    Raises
    ------
    SweepError
        Where there is none, or one of another form.
    """
    if path.is_file():
        try:
            return read_document(path, shape)
        except ValueError as error:
            raise SweepError(str(error)) from error
    old = half_replaced(path.parent)
    if old is not None:
        raise SweepError(
            f"{path.parent} was being replaced, and that was ended half way: rename {old} to {path.parent}"
        )
    raise SweepError(f"{path.parent} is no sweep folder: {path.name} is missing; run `sluicegate sweep` first")


def _write_parquet(frame: pd.DataFrame, path: Path) -> None:
    with writing(path) as file:
        frame.to_parquet(file)


def _write_table(table: pa.Table, file: BinaryIO) -> None:
    import pyarrow.parquet as pq

    pq.write_table(table, file)


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


@contextlib.contextmanager
def held(folder: str | os.PathLike[str]) -> Iterator[Reserved]:
    """Hold the folder of a sweep against every other writer, whether it is there or not.

    Raises
    ------
    SweepError
        Where another process writes to it, or its place cannot be written.
    """
    with contextlib.ExitStack() as stack:
        try:
            place = stack.enter_context(Reserved(folder))
        except Locked as error:
            raise SweepError(str(error)) from error
        except OSError as error:
            raise SweepError(
                f"{folder} cannot be written: {reason(error, Path(folder))}; name a folder in another place with -o"
            ) from error
        yield place


@contextlib.contextmanager
def _told(dataset: SweepStore) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        folder, hint = dataset.folder, "free some space" if is_full(error) else "see to it"
        raise SweepError(
            f"{folder} cannot be written: {reason(error, folder)}. {_there(dataset)}; {hint}, then continue with --resume"
        ) from error


def _there(dataset: SweepStore) -> str:
    """Return how many rows are on the disk, in words."""
    rows = sum(_parquet(path, lambda file: file.metadata.num_rows) for path in dataset.files())
    return f"{rows:,} rows are on the disk" if rows != 1 else "1 row is on the disk"
