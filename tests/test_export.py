"""``export-model``: what it writes, what it says, what it refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sluicegate.cli import cli


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def export(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["export-model", "tutorial", *arguments])
    assert "Traceback" not in result.output
    return result


def test_the_file_and_what_is_in_it_are_named(here: Path) -> None:
    done = export("model.lp", "--units", "natural", "--policy", "acid=review")
    assert done.exit_code == 0
    assert done.stdout == ""
    assert "model.lp holds our side under the policies given of tutorial: " in done.stderr
    assert "1 of money is 32" in done.stderr
    assert "response.ship(acid_home_abroad,review,0)" in (here / "model.lp").read_text(encoding="utf-8")
    assert "response.ship(acid_home_abroad,open,0)" not in (here / "model.lp").read_text(encoding="utf-8")


def test_what_cannot_be_done_is_refused_before_the_work(here: Path) -> None:
    (here / "there.lp").write_text("mine", encoding="utf-8")
    for arguments, said in (
        (["model.gms"], "one of the endings .lp, .mps"),
        (["there.lp"], "replace it with --force"),
        (["none/model.lp"], "there is no folder none"),
        (["model.lp", "--policy", "acid=never"], "regime 'acid' has no policy 'never'"),
        (["model.lp", "--set", "limits.budgt=3"], "budgt"),
    ):
        refused = export(*arguments)
        assert refused.exit_code == 2
        assert said in refused.stderr
    assert (here / "there.lp").read_text(encoding="utf-8") == "mine"
    assert [path.name for path in here.iterdir()] == ["there.lp"]
    assert export("there.lp", "--force", "-q").output == ""


def solve(*arguments: str) -> Result:
    result = CliRunner().invoke(cli, ["solve", "tutorial", "-o", "out", *arguments])
    assert "Traceback" not in result.output
    return result


def test_a_plan_names_the_solver_that_proved_it() -> None:
    done = solve("--method", "program", "--solver", "scip_direct")
    assert done.exit_code == 0
    assert "no plan can have more (gap" in " ".join(done.stdout.split())
    assert "program handed to scip_direct" in " ".join(done.stdout.split())


def test_a_solver_that_is_not_there_is_refused_with_those_that_are(here: Path) -> None:
    for arguments, said in (
        (["--method", "program", "--solver", "mosek"], "solver 'mosek' is not installed here"),
        (["--method", "program", "--solver", "hihgs"], "available: highs"),
        (["--solver", "highs"], "add --method program"),
    ):
        refused = solve(*arguments)
        assert refused.exit_code == 2
        assert said in " ".join(refused.stderr.split())
    assert not (here / "out").exists()
