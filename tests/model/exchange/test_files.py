"""Models in files: HiGHS reads them back to the same leverage; names can be read, and are names of one component each."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import highspy
import pytest
from pyomo.environ import ConcreteModel, Constraint, NonNegativeReals, Objective, Var, maximize
from pytest import approx
from sluicegate import formulate, load_case, write_model
from sluicegate.model.exchange import files
from sluicegate.model.exchange.naming import LONGEST, Labeler, safe


def read(path: Path) -> highspy.Highs:
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("mip_rel_gap", 1e-9)
    assert highs.readModel(str(path)) == highspy.HighsStatus.kOk
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return highs


@pytest.mark.parametrize("ending", ["lp", "mps"])
@pytest.mark.parametrize(("policies", "leverage"), [(None, 35.7), ({}, -14.0)])
def test_a_file_is_read_back_to_the_same_leverage(
    tmp_path: Path, ending: str, policies: dict[str, str] | None, leverage: float
) -> None:
    path = tmp_path / f"model.{ending}"
    write_model(formulate(load_case("tutorial"), policies), path)
    highs = read(path)
    assert highs.getInfo().objective_function_value == approx(leverage)
    names = highs.getLp().col_names_
    assert "ours(none).ship(gas_home_abroad,0)" not in names
    assert "response.ship(gas_home_abroad,open,0)" in names
    # Weeks before the strike is revealed are those of none: every variable has one name.
    assert "ours(none).ship(chip_world_home,2)" in names
    assert "ours(port_strike).later_ship(chip_world_home,2)" not in names
    assert "ours(port_strike).later_ship(chip_world_home,3)" in names
    assert len(set(names)) == len(names)
    assert any("balance" in name for name in highs.getLp().row_names_)
    assert os.listdir(tmp_path) == [path.name]


def small(*names: str) -> Any:
    model = ConcreteModel(name="small")
    model.x = Var(names, within=NonNegativeReals, bounds=(0.0, 0.1 + 0.2))
    model.row = Constraint(expr=sum(model.x.values()) <= 10)
    model.best = Objective(expr=sum(model.x.values()), sense=maximize)
    return model


@pytest.mark.parametrize("ending", ["lp", "mps"])
def test_names_of_every_script_stay_apart(tmp_path: Path, ending: str) -> None:
    names = ["gas-out", "gas_out", "gas out", "気体", "a" * 300, "a" * 300 + "b", "e+x:<=", "x\ny"]
    write_model(small(*names), tmp_path / f"names.{ending}")
    highs = read(tmp_path / f"names.{ending}")
    written = highs.getLp().col_names_
    assert len(set(written)) == len(written) == len(names)
    assert {"x(gas_out)", "x(gas_out)~2", "x(gas_out)~3", "x({6c17}{4f53})"} <= set(written)
    assert max(map(len, written)) <= LONGEST
    assert highs.getInfo().objective_function_value == 8 * (0.1 + 0.2)


def test_a_safe_name_stays_what_it_is() -> None:
    assert safe("ours[none].ship[gas-out,3]") == "ours(none).ship(gas_out,3)"
    label = Labeler()
    assert [label(SimpleNamespace(name=name)) for name in ("a-b", "a_b", "a_b~2")] == ["a_b", "a_b~2", "a_b~2~2"]


def test_a_file_is_replaced_on_demand_only(tmp_path: Path) -> None:
    path = tmp_path / "model.lp"
    path.write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError, match="the file is there"):
        write_model(small("a"), path)
    assert path.read_text(encoding="utf-8") == "mine"
    write_model(small("a"), path, force=True)
    assert "x(a)" in path.read_text(encoding="utf-8")


def test_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"model.gms: give the file one of the endings .lp, .mps"):
        write_model(small("a"), tmp_path / "model.gms")


def test_a_full_disk_leaves_the_file_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.lp"
    path.write_text("before", encoding="utf-8")

    def full(source: Any, target: Any) -> None:
        target.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(files.shutil, "copyfileobj", full)
    with pytest.raises(OSError, match="No space"):
        write_model(small("a"), path, force=True)
    assert path.read_text(encoding="utf-8") == "before"
    assert os.listdir(tmp_path) == ["model.lp"]
