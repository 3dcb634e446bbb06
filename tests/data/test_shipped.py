from __future__ import annotations

import shutil

import pytest
from sluicegate.data import CaseError, ShippedCase, copy_case, load_case, shipped_cases


@pytest.fixture
def installed(folder, tmp_path, monkeypatch):
    """Return the good case as the one case that is shipped."""
    shutil.copytree(folder.path, tmp_path / "package/cases/good-2019")
    (tmp_path / "package/cases/draft").mkdir()
    monkeypatch.setattr("sluicegate.data.shipped.files", lambda package: tmp_path / "package")
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("installed")
class TestShipped:
    def test_list(self):
        assert shipped_cases() == [ShippedCase("good-2019", "Resin and chips")]

    def test_load(self, good):
        case = load_case("good-2019")
        assert (case, case.name) == (good, "good-2019")

    def test_nearest_name(self):
        with pytest.raises(CaseError) as caught:
            load_case("good-2020")
        assert [str(fault) for fault in caught.value.faults] == [
            "good-2020: neither a folder, nor a workbook, nor a shipped case; did you mean 'good-2019'?"
        ]
        with pytest.raises(CaseError, match="; shipped cases are good-2019"):
            load_case("zz")

    def test_what_is_there_goes_first(self, good):
        copy_case("good-2019", "good-2019")
        assert load_case("good-2019", ["limits.budget=1"]) != good

    def test_copy(self, good, tmp_path):
        assert copy_case("good-2019", "mine") == type(tmp_path)("mine")
        assert load_case("mine") == good

    def test_copy_never_overwrites(self, tmp_path):
        copy_case("good-2019", "mine")
        (tmp_path / "mine/case.toml").write_text("edited")
        with pytest.raises(FileExistsError, match="mine is not empty; name a new folder, or overwrite the case there"):
            copy_case("good-2019", "mine")
        assert (tmp_path / "mine/case.toml").read_text() == "edited"
        copy_case("good-2019", "mine", force=True)
        assert load_case("mine") == load_case("good-2019")

    def test_copy_of_nothing(self):
        with pytest.raises(CaseError, match="good: no shipped case has this name; did you mean 'good-2019'"):
            copy_case("good", "mine")
        with pytest.raises(CaseError, match="zz: no shipped case has this name; there are good-2019"):
            copy_case("zz", "mine")


def test_no_cases_at_all(tmp_path, monkeypatch):
    monkeypatch.setattr("sluicegate.data.shipped.files", lambda package: tmp_path)
    assert shipped_cases() == []


@pytest.mark.parametrize("name", [case.name for case in shipped_cases()])
def test_what_is_shipped_is_a_case(name):
    assert load_case(name).settings.case.title
