"""Results whose files were changed or damaged: a remark at the head of all that is shown, or a refusal that names the file."""

from __future__ import annotations

import fnmatch
import json
import random
import re
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner, Result
from sluicegate import load_case, read_sweep, solve, sweep
from sluicegate.analysis.results import ADDED_COLUMNS, ADDED_TABLES
from sluicegate.analysis.sweep.store import SweepStore
from sluicegate.cli import cli
from sluicegate.data.storage.digests import DIGESTS, check_digests, write_digests

from sluicegate_testing.cli_cases import small
from sluicegate_testing.markup import Document
from sluicegate_testing.results import frontier_folder, publish, sweep_folder
from sluicegate_testing.standin import Cheap
from sluicegate_testing.standin import design as cheap_design

KINDS = ("plan", "frontier", "sweep")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A result folder of every kind, and a second plan to compare with."""
    folder = tmp_path_factory.mktemp("made")
    plan = solve(small())
    for name in ("plan", "other"):
        publish(plan.case, plan, folder / name)
    frontier_folder(small(), folder / "frontier")
    sweep_folder(small(), folder / "sweep")
    return folder


@pytest.fixture(autouse=True)
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copies of the folders to harm."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    # What charts look like does not matter here.
    monkeypatch.setattr("sluicegate.report.charts.drawing.svg_of", lambda written: SVG)
    return tmp_path


SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" viewBox="0 0 9 9"><g><path d="M0,0h9"/></g></svg>'


def run(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, [*arguments])
    assert "Traceback" not in result.output
    assert result.exit_code in (0, 2), result.output
    return result


READERS: dict[str, list[list[str]]] = {
    "plan": [
        ["report", "plan", "-o", "page.html", "--threads", "1", "--json"],
        ["compare", "plan", "other", "--no-attribution"],
        ["compare", "other", "plan", "--no-attribution", "--json"],
    ],
    "frontier": [["report", "frontier", "-o", "page.html", "--threads", "1", "--json"]],
    "sweep": [
        ["report", "sweep", "-o", "page.html", "--threads", "1", "--json"],
        ["sweep", "summary", "sweep"],
        ["sweep", "summary", "sweep", "--json"],
    ],
}

DOCUMENTS = {"plan": "plan.json", "frontier": "frontier.json", "sweep": "base.json"}


# A result that nobody touched ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_a_result_as_it_was_written_has_no_remark(kind: str) -> None:
    found = check_digests(kind)
    assert (found.listed, found.altered, found.remark) == (True, (), None)
    assert json.loads(run(*READERS[kind][0]).stdout)["remarks"] == []
    for reader in READERS[kind]:
        assert DIGESTS not in run(*reader).output
        assert "was changed" not in run(*reader).output


def headings(page: str) -> list[str]:
    return re.findall(r"<h2[^>]*>([^<]*)</h2>", Path(page).read_text(encoding="utf-8"))


def test_digests_are_those_of_sha256sum() -> None:
    import hashlib

    lines = Path("plan", DIGESTS).read_text().splitlines()
    named = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert named["plan.json"] == hashlib.sha256(Path("plan/plan.json").read_bytes()).hexdigest()
    assert set(named) == {path.relative_to("plan").as_posix() for path in Path("plan").rglob("*") if path.is_file()} - {
        DIGESTS
    }


def test_a_result_of_an_earlier_version_is_shown() -> None:
    # Without the tables and columns that came later, and the parts of losses that had no cost of their own.
    for name in ADDED_TABLES:
        Path("plan", f"{name}.parquet").unlink(missing_ok=True)
    for name, columns in ADDED_COLUMNS.items():
        frame = pd.read_parquet(f"plan/{name}.parquet")
        frame.drop(columns=list(columns)).to_parquet(f"plan/{name}.parquet")
    losses = pd.read_parquet("plan/losses.parquet")
    losses[~losses["part"].isin(["freight_cost", "duty_cost", "order_cost"])].to_parquet("plan/losses.parquet")
    write_digests(Path("plan"))
    assert json.loads(run(*READERS["plan"][0], "--workbook", "plan.xlsx").stdout)["remarks"] == []
    for reader in (*READERS["plan"][1:], ["show", "plan"]):
        assert run(*reader).exit_code == 0


# Edits are told --------------------------------------------------------------------------------------------------------


def edit(path: str, change: Callable[[Any], None]) -> None:
    document = json.loads(Path(path).read_text(encoding="utf-8"))
    change(document)
    Path(path).write_text(json.dumps(document), encoding="utf-8")


def forge_leverage(document: dict[str, Any]) -> None:
    document["leverage"] = 12345.0


def test_an_edited_leverage_is_told_wherever_it_is_shown() -> None:
    edit("plan/plan.json", forge_leverage)
    told = "plan.json was changed, by its digests.sha256"
    document = run(*READERS["plan"][0], "--workbook", "plan.xlsx")
    assert json.loads(document.stdout)["remarks"] == [f"plan: {check_digests('plan').remark}"]
    assert f"Warning: plan: {told}" in document.stderr
    page = Document(Path("page.html").read_text(encoding="utf-8")).text
    assert page.index(told) < page.index("Policies What is slowed") and "12,345" in page
    summary = openpyxl.load_workbook("plan.xlsx")["Summary"]
    cells = [str(cell.value) for row in summary.iter_rows() for cell in row if cell.value is not None]
    # After the title and the answer, before any table.
    trust = cells.index("Before you trust these figures")
    assert trust <= 5 and told in cells[trust + 1]
    shown = run(*READERS["plan"][1]).stdout
    assert shown.index(f"plan: {told}") < shown.index("What differs in the")
    assert any(told in note for note in json.loads(run(*READERS["plan"][2]).stdout)["notes"])
    run("report", "plan", "other", "-o", "both.html", "--threads", "1")
    assert told in Document(Path("both.html").read_text(encoding="utf-8")).text


def test_an_edited_case_is_told() -> None:
    lanes = Path("plan/case/lanes.csv")
    lanes.write_text(lanes.read_text().replace(",12,", ",13,", 1))
    assert any("case/lanes.csv was changed" in note for note in remarks("plan"))
    Path("plan", DIGESTS).unlink()
    assert any("its case was changed after the plan was found" in note for note in remarks("plan"))


@pytest.mark.parametrize("kind", ["plan", "sweep"])
def test_a_result_of_a_version_that_read_less_is_told_from_one_whose_case_was_changed(kind: str) -> None:
    record = Path(kind, "sweep.json" if kind == "sweep" else "run.json")
    case = load_case(Path(kind, "case"))
    assert case.digest in record.read_text()
    before, words = record.read_text(), "its case is as it was written, but this version reads more"
    for digest, told in ((case._hashed(exclude_defaults=False), []), ("0" * 64, [True])):
        record.write_text(before.replace(case.digest, digest))
        write_digests(Path(kind))
        assert [words in note for note in remarks(kind)] == told
    (Path(kind, "case") / "lanes.csv").write_text(
        (Path(kind, "case") / "lanes.csv").read_text().replace(",12,", ",13,", 1)
    )
    assert not any(words in note for note in remarks(kind))


def remarks(kind: str) -> list[str]:
    found: list[str] = json.loads(run(*READERS[kind][0]).stdout)["remarks"]
    return found


def test_edited_rows_and_designs_are_told() -> None:
    path = Path("sweep/rows/all.parquet")
    frame = pd.read_parquet(path)
    frame.loc[0, "leverage"] = 12345.0
    frame.to_parquet(path)
    samples = pd.read_parquet("sweep/design.parquet") + 1
    samples.to_parquet("sweep/design.parquet")
    told = "design.parquet and rows/all.parquet were changed, by its digests.sha256"
    shown = run("sweep", "summary", "sweep").stdout
    assert shown.index(told) < shown.index("What is varied")
    assert told in json.loads(run("sweep", "summary", "sweep", "--json").stdout)["remarks"][0]
    assert told in remarks("sweep")[0]
    assert told in Document(Path("page.html").read_text(encoding="utf-8")).text.partition("Charts")[2][:3000]
    assert told in read_sweep("sweep").frame.attrs["remarks"][0]


def test_an_edited_curve_is_told() -> None:
    edit("frontier/frontier.json", lambda document: document["points"][0].update(leverage=12345.0))
    assert "frontier.json was changed" in remarks("frontier")[0]
    assert "Before you trust these figures" in headings("page.html")


@pytest.mark.parametrize("kind", KINDS)
def test_files_that_came_and_went_and_a_list_that_is_gone(kind: str) -> None:
    listed = Path(kind, DIGESTS).read_text()
    Path(kind, DIGESTS).unlink()
    assert "so nothing shows whether its files were changed" in remarks(kind)[0]
    Path(kind, DIGESTS).write_text(listed)
    Path(kind, "case", "zzz.csv").write_text("a,b\n1,2\n")
    assert "case/zzz.csv was added" in remarks(kind)[0]
    Path(kind, "case", "contingencies.csv").unlink()
    assert "case/contingencies.csv is missing; case/zzz.csv was added" in remarks(kind)[0]


# --resume --------------------------------------------------------------------------------------------------------------

SWEEP = ["sweep", "case", "--vary", "limits.budget=10..40", "--samples", "6", "--seed", "1", "--policies", "both"]
RESUME = [*SWEEP, "--workers", "1", "-o", "sweep", "--resume"]


@pytest.fixture
def case() -> None:
    shutil.copytree("plan/case", "case")


@pytest.mark.usefixtures("case")
def test_changed_rows_are_solved_again() -> None:
    before = read_sweep("sweep").frame.drop(columns="seconds")
    path = Path("sweep/rows/all.parquet")
    table = pq.read_table(path)
    place = table.column_names.index("leverage")
    forged = table.set_column(place, "leverage", pa.array([12345.0] * table.num_rows))
    pq.write_table(forged, path)
    result = run(*RESUME, "--json")
    assert "Warning: sweep: rows/all.parquet was changed" in result.stderr
    (changed, aside) = json.loads(result.stdout)["remarks"]
    assert "rows/all.parquet was changed" in changed
    assert aside == (
        "all.parquet (changed since it was written) is set aside as sweep/set-aside/all.parquet; its samples are solved again"
    )
    after = read_sweep("sweep").frame.drop(columns="seconds")
    pd.testing.assert_frame_equal(after, before, rtol=1e-6)
    assert check_digests("sweep").remark is None
    assert pq.read_table("sweep/set-aside/all.parquet").equals(forged)


@pytest.mark.usefixtures("case")
@pytest.mark.parametrize("name", ["sweep.json", "base.json"])
def test_new_rows_do_not_rest_on_files_that_were_changed(name: str) -> None:
    edit(f"sweep/{name}", lambda document: document.update(seconds=1))
    result = run(*RESUME)
    assert result.exit_code == 2
    assert f"sweep: {name} changed since the sweep began" in result.stderr


@pytest.mark.usefixtures("case")
def test_rows_of_another_design_are_left_out_and_solved_anew() -> None:
    own = read_sweep("sweep").frame.drop(columns="seconds")
    run(*[word if word != "1" else "2" for word in SWEEP], "--workers", "1", "-o", "second")
    shutil.copy("second/rows/all.parquet", "sweep/rows/part-00000009.parquet")
    # As if the program itself had written there: nothing but the rows tells.
    write_digests(Path("sweep"))
    summary = run("sweep", "summary", "sweep").stdout
    assert "12 rows are of another design and are left out" in summary
    mixed = pa.concat_tables(map(pq.read_table, sorted(Path("sweep/rows").iterdir())), promote_options="default")
    pq.write_table(mixed, "sweep/rows/all.parquet")
    Path("sweep/rows/part-00000009.parquet").unlink()
    write_digests(Path("sweep"))
    result = run(*RESUME)
    assert (
        "all.parquet (12 rows that are not of this design) is set aside as sweep/set-aside/all.parquet" in result.stderr
    )
    pd.testing.assert_frame_equal(read_sweep("sweep").frame.drop(columns="seconds"), own)


def test_every_row_carries_the_digest_of_its_design(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sluicegate.analysis.sweep.run.task_of", lambda case, *_: Cheap(case))
    monkeypatch.setattr("sluicegate.analysis.sweep.run.alters", lambda *_: frozenset())
    found = sweep(small(), cheap_design(40), folder=tmp_path / "cheap")
    table = pq.read_table(tmp_path / "cheap" / "rows" / "all.parquet")
    assert set(table["design"].to_pylist()) == {cheap_design(40).digest}
    assert "design" not in found
    assert SweepStore(tmp_path / "cheap").others() == 0


# Damage ----------------------------------------------------------------------------------------------------------------


def truncated(content: bytes, dice: random.Random) -> bytes:
    return content[: len(content) // 2]


def empty(content: bytes, dice: random.Random) -> bytes:
    return b""


def noise(content: bytes, dice: random.Random) -> bytes:
    return dice.randbytes(max(len(content), 100))


def flipped(content: bytes, dice: random.Random) -> bytes:
    """A few bytes changed."""
    found = bytearray(content)
    for _ in range(min(8, len(found))):
        found[dice.randrange(len(found))] ^= 1 << dice.randrange(8)
    return bytes(found)


def another(content: bytes, dice: random.Random) -> bytes:
    """A file of the same format that holds something else."""
    if content.startswith(b"PAR1"):
        sink = pa.BufferOutputStream()
        pq.write_table(pa.table({"sample": ["a", "b"], "leverage": ["x", "y"], "site": [1.0, None]}), sink)
        return sink.getvalue().to_pybytes()
    return b'[1, "two", null]' if content[:1] == b"{" else b"a,b\n1,2\n"


def kinds_swapped(content: bytes, dice: random.Random) -> bytes:
    """JSON whose values, or Parquet whose columns, are of another type."""
    if content.startswith(b"PAR1"):
        table = pq.read_table(pa.BufferReader(content))
        sink = pa.BufferOutputStream()
        as_text = [pa.array([str(value) for value in column.to_pylist()]) for column in table.columns]
        pq.write_table(pa.table(as_text, names=table.column_names), sink)
        return sink.getvalue().to_pybytes()
    if content[:1] != b"{":
        return content[::-1]
    document = json.loads(content)
    others: list[Any] = [None, "text", 7, True, [], {}, [None], {"a": []}, 1e999]
    for key in dice.sample(list(document), max(1, len(document) // 3)):
        document[key] = dice.choice([value for value in others if type(value) is not type(document[key])])
    return json.dumps(document).encode()


def deep(content: bytes, dice: random.Random) -> bytes:
    return b"[" * 100_000


HARMS = (truncated, empty, noise, flipped, another, kinds_swapped, deep)


def names(kind: str) -> list[str]:
    """Files of a result; of those that are read alike, and of those that are never read, one stands for all."""
    alike = ("case/[!l]*.csv", "[!l]*.csv", "*.svg", "*.png")
    paths = sorted(path.relative_to(kind).as_posix() for path in Path(kind).rglob("*") if path.is_file())
    return [path for path in paths if not any(fnmatch.fnmatch(path, pattern) for pattern in alike)]


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
@pytest.mark.parametrize("kind", KINDS)
def test_no_damage_ends_in_a_traceback(kind: str, harm: Callable[[bytes, random.Random], bytes]) -> None:
    """Every file of a result in turn: what is shown carries a remark that names it, or it is refused by name."""
    dice = random.Random(f"{kind} {harm.__name__}")
    wrong = []
    for name in names(kind):
        path = Path(kind, name)
        content = path.read_bytes()
        path.write_bytes(harm(content, dice))
        if path.read_bytes() == content:
            continue
        for reader in READERS[kind]:
            result = CliRunner().invoke(cli, reader)
            said = DIGESTS if name == DIGESTS else Path(name).name
            if result.exit_code not in (0, 2) or "Traceback" in result.output or said not in result.output:
                wrong.append((name, reader[:2], result.exit_code, result.output[-300:]))
        path.write_bytes(content)
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.usefixtures("case")
@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_no_damage_of_a_sweep_ends_its_continuation_in_a_traceback(
    harm: Callable[[bytes, random.Random], bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sluicegate.analysis.sweep.run._filled", filled)
    dice = random.Random(harm.__name__)
    for name in ("sweep.json", "base.json", "design.parquet", "rows/all.parquet", DIGESTS):
        path = Path("sweep", name)
        content = path.read_bytes()
        path.write_bytes(harm(content, dice))
        assert Path(name).name in run(*RESUME).output, name
        path.write_bytes(content)


def filled(dataset: SweepStore, *_: Any) -> dict[str, int]:
    """What a continuation reads, without solving anything."""
    with dataset:
        return dict(Counter(dataset.finished()["status"].tolist()))


@pytest.mark.parametrize("kind", KINDS)
def test_folders_where_files_should_be(kind: str) -> None:
    for name in (DOCUMENTS[kind], DIGESTS, "case/lanes.csv"):
        path = Path(kind, name)
        content = path.read_bytes()
        path.unlink()
        path.mkdir()
        for reader in READERS[kind]:
            run(*reader)
        path.rmdir()
        path.write_bytes(content)
