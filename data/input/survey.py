"""A workbook surveyed before its cells are read: how large it is, what is merged, what is hidden.

A workbook is an archive, and 18 kB of it may unfold to many gigabytes: nothing is unpacked or built before its size is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, NoReturn
from xml.parsers import expat

from ..schema.errors import Unreadable
from .sizes import LARGEST_FILE, LARGEST_PART, LONGEST_TEXT, MOST_CELLS, MOST_MERGED, MOST_PARTS, MOST_TEXTS, megabytes

if TYPE_CHECKING:
    from zipfile import ZipFile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LOOKS = re.compile(r"\[Content_Types\]\.xml|xl/(workbook|styles)\.xml|xl/theme/.*|docProps/.*|.*\.rels")
"""Parts that are read as a whole, whatever they hold."""

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
CHUNK = 1 << 18
TRUE = ("1", "true")


@dataclass(frozen=True)
class Merged:
    """A merged range: its first and last row and column, counted from 1, and its name."""

    name: str
    first_row: int
    last_row: int
    first_column: int
    last_column: int


@dataclass
class Sheet:
    """What a survey of a sheet finds.

    Attributes
    ----------
    last_row
        Last row with a cell that holds something; 0 for an empty sheet.
    columns
        For every column with such a cell, counted from 1, the last row that has one.
    formulas
        Row and column of every formula.
    merged
        The merged ranges.
    hidden_rows, hidden_columns
        Hidden rows and columns that hold something.
    filtered
        Whether a filter is set.
    """

    last_row: int = 0
    columns: dict[int, int] = field(default_factory=dict)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    merged: list[Merged] = field(default_factory=list)
    hidden_rows: list[int] = field(default_factory=list)
    hidden_columns: list[int] = field(default_factory=list)
    filtered: bool = False


def check_archive(archive: ZipFile) -> None:
    """Refuse a workbook that unpacks to more than is read.

    Raises
    ------
    Unreadable
        Naming what is too large, and the most that is read.
    """
    parts = archive.infolist()
    if len(parts) > MOST_PARTS:
        raise Unreadable(f"{len(parts):,} parts; the most that is read is {MOST_PARTS:,}")
    size = sum(part.file_size for part in parts)
    if size > LARGEST_FILE:
        advice = "keep the sheets of the case alone, without formats below the tables"
        raise Unreadable(f"unpacks to {megabytes(size)}; the most that is read is {megabytes(LARGEST_FILE)}: {advice}")
    for part in parts:
        if part.file_size > LARGEST_PART and LOOKS.fullmatch(part.filename):
            most = megabytes(LARGEST_PART)
            raise Unreadable(f"its part {part.filename} unpacks to {megabytes(part.file_size)}; the most is {most}")


def check_texts(stream: IO[bytes]) -> None:
    """Refuse shared texts that are too many or too long; `Unreadable` names the most that is read."""
    count, length = 0, 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal count, length
        if name == SHARED:
            count, length = count + 1, 0
            if count > MOST_TEXTS:
                raise Unreadable(f"more than {MOST_TEXTS:,} different texts in its cells, the most that is read")

    def text(content: str) -> None:
        nonlocal length
        length += len(content)
        if length > LONGEST_TEXT:
            raise Unreadable(f"a text of more than {LONGEST_TEXT:,} characters, the most that a cell may hold")

    parser = _parser()
    parser.StartElementHandler = start
    parser.CharacterDataHandler = text
    _feed(parser, stream)


def survey_sheet(stream: IO[bytes]) -> Sheet:
    """Go through the cells of a sheet without keeping them.

    Parameters
    ----------
    stream
        The XML of the sheet.

    Returns
    -------
    Sheet
        What it holds.

    Raises
    ------
    Unreadable
        Where it holds more than is read.
    xml.parsers.expat.ExpatError
        Where it is no XML.
    """
    surveyor = _Surveyor()
    parser = _parser()
    parser.StartElementHandler = surveyor.start
    _feed(parser, stream)
    surveyor.end()
    return surveyor.sheet


class _Surveyor:
    """Takes the elements of a sheet one after another."""

    def __init__(self) -> None:
        self.sheet = Sheet()
        self._cells = 0
        self._row = 0
        self._hidden = False
        self._column = 0
        self._name: str | None = None
        self._columns: dict[str, int] = {}
        self._hidden_spans: list[tuple[int, int]] = []

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take note of an element; the most frequent ones come first."""
        if tag == CELL:
            name = attributes.get("r")
            # Without a name a cell follows the one before it.
            self._column = 0 if name else self._place() + 1
            self._name = name
        elif tag in CONTENT:
            self._note(tag == FORMULA)
        elif tag == ROW:
            written = attributes.get("r")
            self._row = int(float(written)) if written else self._row + 1
            self._column, self._name = 0, None
            self._hidden = attributes.get("hidden") in TRUE
        elif tag == COLUMN:
            if attributes.get("hidden") in TRUE:
                self._hidden_spans.append((int(attributes["min"]), int(attributes["max"])))
        elif tag == MERGE:
            self._merge(attributes["ref"])
        elif tag == FILTER:
            self.sheet.filtered = True

    def _place(self) -> int:
        """Return the column of the cell at hand."""
        if self._name is None:
            return self._column
        letters = self._name.rstrip("0123456789")
        if letters not in self._columns:
            self._columns[letters] = column_number(letters)
        return self._columns[letters]

    def _note(self, formula: bool) -> None:
        """Take note of a cell that holds something: a formula, then its result, count once."""
        sheet, row, column = self.sheet, self._row, self._place()
        if not (1 <= row <= LAST_ROW and 1 <= column <= LAST_COLUMN):
            raise Unreadable(f"a cell in row {row}, column {column}, where no sheet reaches")
        if formula:
            sheet.formulas.add((row, column))
        elif (row, column) in sheet.formulas:
            return
        self._cells += 1
        if self._cells > MOST_CELLS:
            raise Unreadable(f"more than {MOST_CELLS:,} cells in use, the most that is read of a sheet", row)
        sheet.last_row = max(sheet.last_row, row)
        sheet.columns[column] = max(row, sheet.columns.get(column, 0))
        if self._hidden and (not sheet.hidden_rows or sheet.hidden_rows[-1] != row):
            sheet.hidden_rows.append(row)

    def _merge(self, name: str) -> None:
        if len(self.sheet.merged) == MOST_MERGED:
            raise Unreadable(f"more than {MOST_MERGED:,} merged ranges, the most that is read; unmerge them")
        first, _, last = name.partition(":")
        corners = [re.fullmatch(r"\$?([A-Za-z]{1,3})\$?(\d{1,7})", corner) for corner in (first, last or first)]
        if not all(corners):
            raise Unreadable(f"a merged range {name!r}, which is none")
        (left, top), (right, bottom) = (
            (column_number(corner[1].upper()), int(corner[2])) for corner in corners if corner
        )
        self.sheet.merged.append(Merged(name, top, bottom, left, right))

    def end(self) -> None:
        """Take note of hidden columns, once it is known which hold something."""
        spans = self._hidden_spans
        found = (column for column in self.sheet.columns if any(first <= column <= last for first, last in spans))
        self.sheet.hidden_columns = sorted(found)


def column_number(letters: str) -> int:
    """Return the number of a column, counted from 1; 0 where letters are none."""
    number = 0
    for letter in letters:
        if not "A" <= letter <= "Z":
            return 0
        number = 26 * number + ord(letter) - ord("A") + 1
    return number


def column_letters(number: int) -> str:
    """Return the letters of a column, counted from 1."""
    letters = ""
    while number:
        number, place = divmod(number - 1, 26)
        letters = chr(ord("A") + place) + letters
    return letters


def spans(numbers: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Return ascending numbers as spans without gaps."""
    first = last = None
    for number in numbers:
        if last is None or number != last + 1:
            if first is not None and last is not None:
                yield first, last
            first = number
        last = number
    if first is not None and last is not None:
        yield first, last


def _tag(name: str) -> str:
    return f"{MAIN}}}{name}"


CELL, ROW, COLUMN, MERGE, FILTER, FORMULA, SHARED = map(
    _tag, ("c", "row", "col", "mergeCell", "filterColumn", "f", "si")
)
CONTENT = frozenset(map(_tag, ("v", "f", "is")))


def _parser() -> Any:
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_entities
    return parser


def _refuse_entities(*declaration: object) -> NoReturn:
    raise Unreadable("declares entities, which no spreadsheet writes; save it again from a spreadsheet")


def _feed(parser: Any, stream: IO[bytes]) -> None:
    while chunk := stream.read(CHUNK):
        parser.Parse(chunk, False)
    parser.Parse(b"", True)
