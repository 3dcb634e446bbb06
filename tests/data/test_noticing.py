from __future__ import annotations

import pytest

# What it shows, file, text taken out, text put in, the warnings.
EDITS = [
    (
        "weight of the counterpart",
        "parties.csv",
        "them,counterpart,Them,",
        "them,counterpart,Them,2",
        [
            "parties.csv, row 4, loss_weight: '2': has no effect; only losses of the focal party and its allies "
            "are weighted"
        ],
    ),
    (
        "weight of an other party",
        "parties.csv",
        "Third,1",
        "Third,0",
        ["parties.csv, row 5, loss_weight: '0': has no effect"],
    ),
    (
        "demand that nothing serves",
        "demands.csv",
        "dock,chip",
        "dock,ore",
        ["demands.csv, row 4, site, item: 'dock/ore': no lane or process can serve this demand"],
    ),
    ("demand of nothing", "demands.csv", "dock,chip,5", "dock,ore,0", []),
    (
        "fill rate of the counterpart",
        "demands.csv",
        "15,70,,",
        "15,70,0.5,0.25",
        [
            "demands.csv, row 3, min_fill: '0.5': has no effect; fill rates are kept on our side only",
            "demands.csv, row 3, min_fill_week: '0.25': has no effect; fill rates are kept on our side only",
        ],
    ),
    (
        "stockpile of the counterpart",
        "stocks.csv",
        "50,,30,,",
        "50,,30,9,",
        ["stocks.csv, row 3, stockpile_max: '9': has no effect; stockpiles are bought on our side only"],
    ),
    (
        "controlled lane at rest",
        "lanes.csv",
        "10,40,60",
        "10,,60",
        ["lanes.csv, row 2, base_flow: '0': nothing flows before week 0, yet regime 'review' acts on it"],
    ),
    (
        "lane that runs and must be qualified",
        "lanes.csv",
        "60,0,15",
        "60,3,15",
        ["lanes.csv, row 5, fixed_cost: '25': runs before week 0 (base_flow 3), yet must be qualified to run on"],
    ),
    (
        "regime that no lane carries",
        "lanes.csv",
        "3,,review",
        "3,,",
        ["regimes.csv, row 2, regime: 'review': no lane carries this regime; its policies have no effect"],
    ),
    (
        "policy after the end",
        "policies.csv",
        "0.95,0,20",
        "0.95,26,",
        ["policies.csv, row 2, start_week: '26': has no effect; the last week is 25"],
    ),
    (
        "nine orders of magnitude",
        "lanes.csv",
        "ore-in,ore,market,home,2,1,80,100",
        "ore-in,ore,market,home,2,1,80,1e9",
        [],
    ),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"), [edit[1:] for edit in EDITS], ids=[edit[0] for edit in EDITS]
)
def test_edit(folder, file, old, new, expected):
    folder.swap(file, old, new)
    warnings = [str(warning) for warning in folder.load().warnings]
    assert len(warnings) == len(expected), "\n".join(warnings)
    for warning, fragment in zip(warnings, expected, strict=True):
        assert fragment in warning


def test_the_good_case_has_no_warnings(good):
    assert good.warnings == ()
