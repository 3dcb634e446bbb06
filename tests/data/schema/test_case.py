from __future__ import annotations

import hashlib
import json
import math
import pickle
from dataclasses import replace

from pydantic import BaseModel
from sluicegate.data import TABLES, Case, CaseError, Fault, load_case
from sluicegate.data.schema.settings import Settings
from sluicegate.data.schema.tables import Lane


def test_settings(good):
    settings = good.settings
    assert (settings.horizon.weeks, str(settings.horizon.start)) == (26, "2026-01-05")
    assert (settings.limits.budget, settings.limits.reviewer_hours) == (80.5, math.inf)
    assert (settings.solver.time_limit, settings.solver.rel_gap) == (300.0, 1e-3)
    assert settings.case.currency == "EUR m"


def test_defaults(good):
    stock, other = good.stocks
    assert (stock.terminal_target, stock.stockpile_cost, stock.capacity) == (None, None, 100.0)
    assert (other.capacity, other.terminal_target) == (math.inf, 30.0)
    assert good.lanes[0].regime == "review"
    assert good.lanes[1].regime is good.lanes[1].fixed_cost is None


def test_distributions(good):
    slow, strict, _ = good.policies
    assert slow.delay_weeks.weights == ((8, 1.0),)
    assert strict.delay_weeks.weights == ((4, 0.5), (12, 0.5))
    assert strict.delay_weeks.mean == 8
    assert str(strict.delay_weeks) == "4:0.5;12:0.5"


def test_equal_lags_add_up(folder):
    folder.swap("policies.csv", "4:0.5;12:0.5", "12:1; 4:1 ;12:2")
    assert folder.load().policies[1].delay_weeks.weights == ((4, 0.25), (12, 0.75))


def test_ids(good):
    assert [row.id for row in good.contingencies] == ["fire/cook", "strike/chip-alt"]
    assert [row.id for row in good.recipes] == ["cook/ore", "etch/resin"]


def test_equal_cases(folder, good):
    again = folder.load()
    assert again == good
    assert hash(again) == hash(good)
    assert good != "good"


def test_name_comments_and_spelling_do_not_count(folder, good, tmp_path):
    folder.swap("lanes.csv", "2,10,40,60", "2.0,10.00,4e1,60")
    folder.swap("case.toml", "# A comment.", "# Another.")
    moved = folder.path.rename(tmp_path / "moved")
    case = load_case(moved)
    assert (case.name, case) == ("moved", good)


def test_the_order_of_rows_counts(folder, good):
    folder.swap("regimes.csv", "review,us,Review of resin\n", "")
    folder.write("regimes.csv", folder.text("regimes.csv") + "review,us,Review of resin\n")
    assert folder.load() != good


def test_every_figure_counts(folder, good):
    folder.swap("sources.csv", "A round figure", "A figure")
    assert folder.load().digest != good.digest


def test_what_is_left_at_its_default_does_not_count(good):
    """A version that knows more settings, sections and columns gives the same digest, unless one of them is used."""

    class Section(BaseModel):
        depth: int = 2

    class Objective(type(good.settings.objective)):
        patience: float = 1.5

    class Wider(Settings):
        objective: Objective = Objective()
        further: Section = Section()
        unused: Section | None = None

    class Longer(Lane):
        colour: str | None = None
        speed: float = math.inf

    def wider(**settings):
        given = good.settings.model_dump(exclude_unset=True)
        return Wider(**{**given, **settings})

    rows = [Longer(**row.model_dump(exclude_unset=True)) for row in good.lanes]
    later = replace(good, settings=wider(), lanes=tuple(rows))
    assert later.digest == good.digest and later == good
    for other in (
        replace(later, settings=wider(objective={"patience": 2})),
        replace(later, settings=wider(further={"depth": 3})),
        replace(later, settings=wider(unused={})),
        replace(later, lanes=(*rows[:-1], rows[-1].model_copy(update={"colour": "red"}))),
        replace(later, lanes=(rows[0].model_copy(update={"speed": 1.0}), *rows[1:])),
    ):
        assert other.digest != good.digest


def test_a_digest_in_which_defaults_counted_is_known(good):
    content = {"settings": good.settings.model_dump(mode="json")}
    for table in TABLES:
        rows = [row.model_dump(by_alias=True) for row in good.rows(table)]
        content[table] = [{name: repr(value) for name, value in row.items()} for row in rows]
    former = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    assert former != good.digest
    assert good.has_digest(former) and good.has_digest(good.digest)
    assert not good.has_digest(former[::-1])


def test_digests_stay_from_version_to_version(good):
    """Stored results name this one; it changes with the case, not with the program."""
    assert good.digest == "0be2e011da22185157654ce0a48c2b4ef96a573a73d144a0d2acbc6ac35ec1e3"


def test_frame(good):
    frame = good.frame("policies")
    assert list(frame["delay_weeks"]) == ["8", "4:0.5;12:0.5", "26"]
    assert frame.attrs["units"]["admin_cost"] == "money"
    assert list(good.frame("sources").columns)[:3] == ["table", "key", "column"]


def test_frame_of_a_table_without_rows(good):
    empty = Case(good.name, good.settings)
    assert list(empty.frame("regimes").columns) == ["regime", "controller", "name"]


def test_cases_and_faults_travel_between_processes(good):
    assert pickle.loads(pickle.dumps(good)) == good
    error = CaseError([Fault("lanes.csv", "wrong", 3, "lane", "x"), Fault("case.toml", "wrong too")])
    again = pickle.loads(pickle.dumps(error))
    assert again.faults == error.faults
    assert str(again) == "2 faults in the case:\n  lanes.csv, row 3, lane: 'x': wrong\n  case.toml: wrong too"


def test_repr(good):
    assert repr(good) == "Case('good', 26 weeks, 4 sites, 3 items, 6 lanes, 2 regimes)"
