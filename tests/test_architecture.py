"""The house stays as it is drawn: imports run one way, every room says what it is for, the page is current."""

from __future__ import annotations

import re
import tomllib

import pytest

from tools import architecture

FOUND = architecture.rooms()

MOST_LINES = 550
"""Lines of a file of the package; a longer one has two jobs."""


@pytest.mark.parametrize("name", FOUND)
def test_imports_never_run_up(name: str) -> None:
    order = architecture.FLOORS
    room = FOUND[name]
    assert not [other for other in room.imports if order.index(other.split(".")[0]) > order.index(room.floor)]


def test_rooms_do_not_run_in_circles() -> None:
    assert architecture.circles(FOUND) == []


def test_rooms_take_what_others_lend() -> None:
    assert architecture.trespasses(FOUND) == []


def test_a_trespass_would_be_found() -> None:
    rooms = {
        "model.a": architecture.Room("model.a", "", takes={("model.b", "hidden"), ("model.b", "shown")}),
        "model.b": architecture.Room("model.b", "", lends=frozenset({"shown"})),
    }
    assert [words.split(":")[0] for words in architecture.trespasses(rooms)] == ["model.a takes model.b.hidden"]


def test_a_circle_would_be_found() -> None:
    rooms = {
        name: architecture.Room(name, "", {}, {other})
        for name, other in (("model.a", "model.b"), ("model.b", "model.a"))
    }
    assert architecture.circles(rooms) == [["model.a", "model.b", "model.a"]]


@pytest.mark.parametrize("name", FOUND)
def test_every_room_says_what_it_is_for(name: str) -> None:
    assert FOUND[name].purpose.endswith(".")


def test_no_file_is_long() -> None:
    folders = [architecture.ROOT / floor for floor in architecture.FLOORS if (architecture.ROOT / floor).is_dir()]
    files = [*architecture.ROOT.glob("*.py"), *(path for folder in folders for path in folder.rglob("*.py"))]
    assert len(files) > len(FOUND)
    lengths = {path.relative_to(architecture.ROOT): len(path.read_text("utf-8").splitlines()) for path in files}
    assert not {str(path): lines for path, lines in lengths.items() if lines > MOST_LINES}


def test_every_room_is_in_the_wheel() -> None:
    settings = tomllib.loads((architecture.ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert set(settings["tool"]["setuptools"]["packages"]) == {"sluicegate", *(f"sluicegate.{name}" for name in FOUND)}


def test_the_page_is_current() -> None:
    assert architecture.PAGE.read_text(encoding="utf-8") == architecture.page(FOUND), (
        "run `python -m tools.architecture`"
    )
    assert architecture.PICTURE.read_text(encoding="utf-8") == architecture.drawing(FOUND)


def test_nothing_but_the_room_of_the_solver_knows_it() -> None:
    knowing = re.compile(
        r"^\s*import highspy|\.highs\.highs\b|\.(setBasis|getBasis|getSolution|changeCoeff)\(", re.MULTILINE
    )
    files = [path for floor in architecture.FLOORS for path in (architecture.ROOT / floor).rglob("*.py")]
    told = {str(path.relative_to(architecture.ROOT)) for path in files if knowing.search(path.read_text("utf-8"))}
    assert told and told <= {"model/solver/highs.py", "model/solver/bases.py"}
