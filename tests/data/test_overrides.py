from __future__ import annotations

import datetime
import math
from dataclasses import replace

import pytest
from sluicegate.data import CaseError, apply_overrides, case_from_tables


def refused(case, *overrides) -> list[str]:
    with pytest.raises(CaseError) as caught:
        apply_overrides(case, overrides)
    return [str(fault) for fault in caught.value.faults]


def value(case, table, key, column):
    (row,) = [row for row in case.rows(table) if row.id == key]
    return getattr(row, column)


@pytest.mark.parametrize(
    ("override", "table", "key", "column", "expected"),
    [
        ("lanes.resin-out.max_flow=500", "lanes", "resin-out", "max_flow", 500.0),
        ("lanes.resin-out.max_flow = 500 ", "lanes", "resin-out", "max_flow", 500.0),
        ("lanes.resin-out.max_flow=*0.8", "lanes", "resin-out", "max_flow", 48.0),
        ("lanes.resin-out.max_flow=* 1.5", "lanes", "resin-out", "max_flow", 90.0),
        ("lanes.ore-in.margin=*2", "lanes", "ore-in", "margin", 0.0),
        ("lanes.resin-out.regime=", "lanes", "resin-out", "regime", None),
        ("lanes.resin-out.lead_weeks=*1.5", "lanes", "resin-out", "lead_weeks", 3),
        ("items.ore.name=*star", "items", "ore", "name", "*star"),
        ("items.ore.max_party_share=*0.5", "items", "ore", "max_party_share", 0.5),
        ("items.ore.name=a=b.name=c", "items", "ore", "name", "a=b.name=c"),
        ("stocks.home/chip.terminal_target=*0.5", "stocks", "home/chip", "terminal_target", 10.0),
        ("stocks.mill/resin.terminal_target=*0.5", "stocks", "mill/resin", "terminal_target", 15.0),
        ("stocks.mill/resin.capacity=inf", "stocks", "mill/resin", "capacity", math.inf),
        ("stocks.home/chip.capacity=", "stocks", "home/chip", "capacity", math.inf),
        ("recipes.cook/ore.quantity=*2", "recipes", "cook/ore", "quantity", 4.0),
        ("policies.review/slow.approval_rate=*0.8", "policies", "review/slow", "approval_rate", 0.76),
        ("retaliations.answer/embargo.cost=9", "retaliations", "answer/embargo", "cost", 9.0),
        ("contingencies.fire/cook.availability=*0.5", "contingencies", "fire/cook", "availability", 0.25),
        ("contingencies.strike/chip-alt.from_week=4", "contingencies", "strike/chip-alt", "from_week", 4),
        ("parties.friend.loss_weight=1", "parties", "friend", "loss_weight", 1.0),
    ],
)
def test_figures(good, override, table, key, column, expected):
    changed = apply_overrides(good, [override])
    assert value(changed, table, key, column) == expected
    same = [name for name in ("parties", "sites", "items", "lanes", "demands", "regimes") if name != table]
    assert all(changed.rows(name) is good.rows(name) for name in same)
    assert changed.settings is good.settings


def test_distributions(good):
    changed = apply_overrides(good, ["policies.review/slow.delay_weeks=2:1;6:3"])
    assert changed.policies[0].delay_weeks.weights == ((2, 0.25), (6, 0.75))


@pytest.mark.parametrize(
    ("override", "section", "key", "expected"),
    [
        ("limits.budget=80", "limits", "budget", 80.0),
        ("limits.budget=*2", "limits", "budget", 161.0),
        ("limits.budget=", "limits", "budget", math.inf),
        ("horizon.weeks=30", "horizon", "weeks", 30),
        ("horizon.start=2027-01-04", "horizon", "start", datetime.date(2027, 1, 4)),
        ("objective.scenario=none", "objective", "scenario", "none"),
        ("solver.rel_gap=0.01", "solver", "rel_gap", 0.01),
        ("case.title=a.b=c", "case", "title", "a.b=c"),
    ],
)
def test_settings(good, override, section, key, expected):
    changed = apply_overrides(good, [override])
    assert getattr(getattr(changed.settings, section), key) == expected
    assert changed.lanes is good.lanes


def test_the_case_stays_as_it_is(good, folder):
    apply_overrides(good, ["lanes.resin-out.max_flow=*0.8", "limits.budget=1"])
    assert good == folder.load()


def test_none(good):
    assert apply_overrides(good, []) is good


def test_the_value_in_force_gives_an_equal_case(good):
    assert apply_overrides(good, ["lanes.resin-out.max_flow=60", "limits.budget=80.5"]) == good


def test_overrides_follow_each_other(good):
    changed = apply_overrides(good, ["lanes.resin-out.max_flow=100", "lanes.resin-out.max_flow=*0.5"])
    assert changed.lanes[0].max_flow == 50


def test_whole_weeks_survive_binary_fractions(good):
    changed = apply_overrides(good, ["horizon.weeks=100", "horizon.weeks=*1.1"])
    assert changed.settings.horizon.weeks == 110


def test_all_rows_of_an_outage(folder):
    folder.write("contingencies.csv", folder.text("contingencies.csv") + "fire,,cook,10,12,0.4\n")
    changed = apply_overrides(folder.load(), ["contingencies.fire/cook.availability=*0.5"])
    assert [row.availability for row in changed.contingencies] == [0.25, 0.0, 0.2]


def test_ids_with_dots_and_equal_signs():
    case = case_from_tables(
        "odd",
        {"horizon": {"weeks": 8}},
        {
            "parties": [{"party": "us", "role": "focal"}, {"party": "them", "role": "counterpart"}],
            "sites": [{"site": "a.b", "party": "us"}, {"site": "c=d", "party": "them"}],
            "items": [{"item": "H2O2 30.5%"}],
            "lanes": [
                {
                    "lane": "晶片.v=1.0 é",
                    "item": "H2O2 30.5%",
                    "origin": "a.b",
                    "destination": "c=d",
                    "unit_cost": 1,
                    "max_flow": 5,
                }
            ],
            "demands": [{"site": "c=d", "item": "H2O2 30.5%", "quantity": 1, "shortage_penalty": 1}],
        },
    )
    changed = apply_overrides(
        case, ["lanes.晶片.v=1.0 e\u0301.max_flow=2.5", "demands.c=d/H2O2 30.5%.quantity=*2", "sites.a.b.name=x=y"]
    )
    assert (changed.lanes[0].max_flow, changed.demands[0].quantity, changed.sites[0].name) == (2.5, 2.0, "x=y")


FORM = "write TABLE.KEY.COLUMN=VALUE, such as lanes.hf-jp-kr.max_flow=500, or SECTION.KEY=VALUE"


@pytest.mark.parametrize(
    ("override", "expected"),
    [
        ("", f"not an override; {FORM}"),
        ("lanes", f"not an override; {FORM}"),
        ("lanes.resin-out.max_flow", f"not an override; {FORM}"),
        ("=3", f"not an override; {FORM}"),
        ("budget=3", "did you mean limits.budget?"),
        ("lanes.max_flow=3", f"names no row; {FORM}"),
        ("lane.resin-out.max_flow=3", "no table or section 'lane'; did you mean 'lanes'?"),
        ("limit.budget=3", "no table or section 'limit'; did you mean 'limits'?"),
        ("limits.budgt=3", "no key 'budgt' in limits; did you mean 'budget'?"),
        ("horizon.zzz=3", "no key 'zzz' in horizon; known are weeks, start"),
        ("lanes.resin-ou.max_flow=3", "no row 'resin-ou' in lanes; did you mean 'resin-out'?"),
        ("stocks.x.initial=3", "no row 'x' in stocks; a key is site/item"),
        (
            "contingencies.q.availability=0",
            "no row 'q' in contingencies; a key is contingency/lane or contingency/process",
        ),
        ("lanes.resin-out.maxflow=3", "no column 'maxflow' in lanes; did you mean 'max_flow'?"),
        ("recipes.cook/ore.zzz=3", "no column 'zzz' in recipes; known are process, input, quantity"),
        ("lanes.resin-out.lane=a", "lane is part of the key; set another column"),
        ("contingencies.fire/cook.process=a", "process is part of the key; set another column"),
        ("sources.lanes.value=3", "sources has no key, and never changes a result"),
        (
            "lanes.resin-out.max_flow=many",
            "max_flow: 'many': not a number; write a plain decimal such as 12.5, without separators or units",
        ),
        ("lanes.resin-out.max_flow=", "max_flow: empty; a value is needed"),
        ("lanes.resin-out.max_flow=*", "max_flow: '*': no factor; write * and a plain decimal, such as *0.8"),
        ("lanes.resin-out.max_flow=*x", "max_flow: '*x': no factor; write * and a plain decimal, such as *0.8"),
        ("lanes.resin-out.max_flow=*-1", "max_flow: '*-1': -60 is negative; must be 0 or more"),
        ("lanes.resin-out.lead_weeks=*0.8", "lead_weeks: '*0.8': 1.6 is not a whole number of weeks"),
        (
            "lanes.resin-out.fixed_cost=*2",
            "fixed_cost: '*2': fixed_cost has no figure that can be scaled; set a number",
        ),
        ("stocks.mill/resin.capacity=*2", "capacity: '*2': capacity has no figure that can be scaled; set a number"),
        ("policies.review/slow.delay_weeks=*2", "delay_weeks: '*2': not a delay; write weeks such as 8"),
        (
            "parties.us.role=fokal",
            "role: 'fokal': must be one of focal, counterpart, ally, other; did you mean 'focal'?",
        ),
        ("items.chip.max_party_share=*2", "max_party_share: '*2': 1.8 is not a share; must lie between 0 and 1"),
        ("limits.reviewer_hours=*2", "reviewer_hours: '*2': reviewer_hours has no figure that can be scaled"),
        ("horizon.weeks=0", "weeks: '0': a horizon has at least one week"),
        # Faults of the whole case that this override leads to.
        ("lanes.resin-out.max_flow=30", "base_flow: '40': more than max_flow 30"),
        ("lanes.resin-out.base_flow=70", "base_flow: '70': more than max_flow 60"),
        ("lanes.resin-out.regime=revue", "regime: 'revue': not in regimes; did you mean 'review'?"),
        ("policies.review/slow.start_week=30", "end_week: '20': not after start_week 30"),
    ],
)
def test_refused(good, override, expected):
    (fault,) = refused(good, override)
    place, _, rest = fault.partition(f"--set {override}")
    assert place == ""
    assert rest.lstrip(":, ").startswith(expected)


def test_faults_elsewhere_name_row_and_override(good):
    assert refused(good, "horizon.weeks=2", "limits.budget=3") == [
        "contingencies.csv, row 2, from_week: '3': beyond the horizon; the last week is 1 "
        "(after --set horizon.weeks=2, --set limits.budget=3)",
        "contingencies.csv, row 3, from_week: '2': beyond the horizon; the last week is 1 "
        "(after --set horizon.weeks=2, --set limits.budget=3)",
    ]


def test_faults_elsewhere_name_the_first_of_many(good):
    overrides = ["parties.us.role=ally", *(f"limits.budget={figure}" for figure in range(4))]
    (fault,) = refused(good, *overrides)
    assert fault == (
        "parties.csv, role: no party is focal; exactly one must be "
        "(after --set parties.us.role=ally, --set limits.budget=0, --set limits.budget=1 and 2 more)"
    )


def test_all_faults_come_together(good):
    assert len(refused(good, "lanes.a.b=1", "limits.c=1", "lanes.resin-out.max_flow=x", "limits.budget=3")) == 3


def test_warnings_are_those_of_the_new_figures(folder):
    folder.write("rates.csv", "x")
    folder.swap("policies.csv", "0.95,0,20", "0.95,26,")
    case = folder.load()
    assert [warning.file for warning in case.warnings] == ["rates.csv", "policies.csv"]
    changed = apply_overrides(case, ["policies.review/slow.start_week=0", "demands.mill/chip.min_fill=0.5"])
    assert [(warning.file, warning.row) for warning in changed.warnings] == [("rates.csv", None), ("demands.csv", 3)]


def test_one_text_alone(good):
    assert apply_overrides(good, "limits.budget=3").settings.limits.budget == 3


def test_a_case_put_together_by_hand(good):
    case = replace(good, lanes=good.lanes[:1], contingencies=())
    assert apply_overrides(case, ["lanes.resin-out.max_flow=70"]).lanes[0].max_flow == 70
    (fault,) = refused(case, "lanes.resin-out.max_flow=7")
    assert fault.startswith("--set lanes.resin-out.max_flow=7, base_flow: '40'")
