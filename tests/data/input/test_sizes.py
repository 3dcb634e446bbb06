"""Files that are small on the disk and large once unfolded: refused with the limit, in little memory and time."""

from __future__ import annotations

import json
import sys
import zipfile
from pathlib import Path
from subprocess import run

import pytest
from sluicegate.data import CaseError, load_case, write_workbook
from sluicegate.data.input.folder import read_text
from sluicegate.data.input.survey import column_letters, column_number, spans
from sluicegate.data.schema.errors import Unreadable

MAIN = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
MOST_MEMORY = 300_000_000
"""Bytes that the refusal of any of these files may take, all of Python among them."""

MOST_SECONDS = 40
"""Processor time for each file; a few seconds on a machine of its own."""

# Loads the cases it is given; prints their faults, the processor time of each, and the most memory that was taken. The peak that
# `resource` tells may be that of the process it was started by.
LOADING = """
import json, re, resource, sys, time
from pathlib import Path
from sluicegate.data import CaseError, load_case
found = []
for path in sys.argv[1:]:
    began = time.process_time()
    try:
        load_case(path)
        faults = []
    except CaseError as error:
        faults = [str(fault) for fault in error.faults]
    found.append([faults, time.process_time() - began])
status = Path("/proc/self/status")
if status.exists():
    memory = 1024 * int(re.search(r"VmHWM:\\s*(\\d+) kB", status.read_text())[1])
else:
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps([found, memory]))
"""


class Parts:
    """The parts of a workbook, to be spoilt."""

    def __init__(self, good, path: Path):
        write_workbook(good, path)
        self.path = path
        with zipfile.ZipFile(path) as archive:
            self.parts = {name: archive.read(name) for name in archive.namelist()}
        # In the order of the workbook: case, parties, sites, items, stocks, lanes.
        self.lanes = "xl/worksheets/sheet6.xml"
        assert b"<v>" in self.parts[self.lanes]

    def swap(self, part: str, old: bytes, new: bytes) -> None:
        assert self.parts[part].count(old) == 1
        self.parts[part] = self.parts[part].replace(old, new)

    def below(self, new: str) -> None:
        """Add rows below the last one."""
        self.swap(self.lanes, b"</sheetData>", f"{new}</sheetData>".encode())

    def behind(self, new: str) -> None:
        """Add an element behind the cells."""
        self.swap(self.lanes, b"</sheetData>", f"</sheetData>{new}".encode())

    def save(self, name: str) -> Path:
        path = self.path.parent / f"{name}.xlsx"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for part, content in self.parts.items():
                archive.writestr(part, content)
        return path


def styled_rows(parts: Parts) -> None:
    cells = "".join(f'<c r="{column_letters(column)}{{row}}" s="1"/>' for column in range(1, 14))
    rows = (f'<row r="{{row}}" s="1" customFormat="1">{cells}</row>'.format(row=row) for row in range(9, 150_009))
    parts.below("".join(rows))


def one_merge(parts: Parts) -> None:
    parts.behind('<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>')


def many_merges(parts: Parts) -> None:
    merges = "".join(f'<mergeCell ref="A{row}:B{row}"/>' for row in range(9, 10_010))
    parts.behind(f"<mergeCells>{merges}</mergeCells>")


def many_texts(parts: Parts) -> None:
    parts.swap("xl/sharedStrings.xml", b"</sst>", b"<si><t>a</t></si>" * 200_001 + b"</sst>")


def long_text(parts: Parts) -> None:
    parts.swap("xl/sharedStrings.xml", b"</sst>", b"<si><t>" + b"a" * 32_768 + b"</t></si></sst>")


def many_cells(parts: Parts) -> None:
    row = "<c><v>1</v></c>" * 10_000
    parts.below("".join(f'<row r="{number}">{row}</row>' for number in range(9, 60)))


def many_columns(parts: Parts) -> None:
    row = '<row r="1">' + "<c><v>1</v></c>" * 1_001 + "</row>"
    parts.parts[parts.lanes] = b'<worksheet xmlns="%s"><sheetData>%s</sheetData></worksheet>' % (MAIN, row.encode())


def far_cell(parts: Parts) -> None:
    parts.below('<row r="1048577"><c><v>1</v></c></row>')


def bomb(parts: Parts) -> None:
    parts.parts["xl/media/image1.png"] = bytes(130_000_000)


def many_parts(parts: Parts) -> None:
    parts.parts |= {f"xl/media/{number}": b"" for number in range(10_000)}


def large_styles(parts: Parts) -> None:
    parts.swap("xl/styles.xml", b"</styleSheet>", b"<!--" + b" " * 8_000_000 + b"--></styleSheet>")


def entities(parts: Parts) -> None:
    parts.swap(parts.lanes, b"<worksheet", b'<!DOCTYPE worksheet [<!ENTITY a "aaaa">]><worksheet')


# What spoils a workbook, and the one fault; None where there is none.
WORKBOOKS = [
    (styled_rows, None),
    (one_merge, "sheet lanes, row 1: 'lane': A1:XFD1048576 is merged; unmerge it and write every cell"),
    (many_merges, "sheet lanes: more than 10,000 merged ranges, the most that is read; unmerge them"),
    (many_texts, "{}: more than 200,000 different texts in its cells, the most that is read"),
    (long_text, "{}: a text of more than 32,767 characters, the most that a cell may hold"),
    (many_cells, "sheet lanes, row 58: more than 500,000 cells in use, the most that is read of a sheet"),
    (many_columns, "sheet lanes, row 1: more than 1,000 columns, the most that is read"),
    (far_cell, "sheet lanes: a cell in row 1048577, column 1, where no sheet reaches"),
    (
        bomb,
        "{}: unpacks to 130 MB; the most that is read is 128 MB: keep the sheets of the case alone, without formats below "
        "the tables",
    ),
    (many_parts, "{}: 10,065 parts; the most that is read is 10,000"),
    (large_styles, "{}: its part xl/styles.xml unpacks to 8 MB; the most is 8 MB"),
    (entities, "sheet lanes: declares entities, which no spreadsheet writes; save it again from a spreadsheet"),
]


def test_workbooks(good, tmp_path):
    paths = []
    for spoil, _ in WORKBOOKS:
        parts = Parts(good, tmp_path / "good.xlsx")
        parts.path.unlink()
        spoil(parts)
        paths.append(parts.save(spoil.__name__))
    done = run([sys.executable, "-c", LOADING, *map(str, paths)], capture_output=True, text=True, check=True)
    found, memory = json.loads(done.stdout)
    for path, (_, expected), (faults, seconds) in zip(paths, WORKBOOKS, found, strict=True):
        assert faults == ([] if expected is None else [expected.format(path)])
        assert seconds < MOST_SECONDS, path
    assert memory < MOST_MEMORY


def test_a_key_of_very_many_parts(folder):
    folder.write("case.toml", ".".join(["a"] * 100_001) + " = 1")
    done = run([sys.executable, "-c", LOADING, str(folder.path)], capture_output=True, text=True, check=True)
    ((faults, seconds),), memory = json.loads(done.stdout)
    assert faults == [
        "case.toml, row 1: a key of 100,001 parts, the most that is read is 17; a key is one word below its [section]"
    ]
    assert seconds < MOST_SECONDS
    assert memory < MOST_MEMORY


def test_large_settings(folder):
    folder.write("case.toml", "#" * 1_000_001)
    assert folder.faults() == ["case.toml: larger than 1 MB, the most that is read"]


def test_a_large_table(folder):
    (folder.path / "lanes.csv").write_text("lane,item\n")
    with pytest.raises(Unreadable, match="larger than 0 MB, the most that is read"):
        read_text(folder.path / "lanes.csv", 9)


def test_a_table_of_many_cells(folder):
    folder.write("sources.csv", folder.text("sources.csv") + "a,,,,,,,\n" * 62_501)
    assert folder.faults() == ["sources.csv, row 62501: more than 500,000 cells, the most that is read"]


def test_a_table_of_many_columns(folder):
    folder.write("sources.csv", "table" + ",x" * 1_000 + "\n")
    assert folder.faults() == ["sources.csv, row 1: more than 1,000 columns, the most that is read"]


def test_many_slips_of_the_pen(folder):
    folder.write("case.toml", "".join(f"a{number} = 60,000\n" for number in range(1_000)))
    faults = [fault for fault in folder.faults() if "not TOML" in fault]
    assert len(faults) == 50


def test_a_large_workbook(good, tmp_path, monkeypatch):
    write_workbook(good, tmp_path / "a.xlsx")
    monkeypatch.setattr("sluicegate.data.input.workbook.LARGEST_FILE", 5_000)
    with pytest.raises(CaseError, match=r"a.xlsx: larger than 0 MB, the most that is read"):
        load_case(tmp_path / "a.xlsx")


@pytest.mark.parametrize(
    ("letters", "number"), [("A", 1), ("Z", 26), ("AA", 27), ("AZ", 52), ("ZZ", 702), ("XFD", 16_384)]
)
def test_letters_of_columns(letters, number):
    assert (column_number(letters), column_letters(number)) == (number, letters)


def test_spans():
    assert list(spans([1, 2, 3, 5, 8, 9])) == [(1, 3), (5, 5), (8, 9)]
    assert list(spans([])) == []
