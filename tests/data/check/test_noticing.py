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
        "10,,review",
        "10,,",
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
        "item that nobody uses",
        "items.csv",
        "ore,Ore,t,,",
        "ore,Ore,t,,\nslag,Slag,t,,",
        [
            "items.csv, row 5, item: 'slag': no lane, process, recipe or demand has this item; use it, or take the row out"
        ],
    ),
    (
        "output that nobody needs",
        "processes.csv",
        "etch,mill,chip,,5",
        "etch,mill,chip,,5\nspoil,dock,ore,9,1",
        [
            "processes.csv, row 4, output: 'ore': no demand, recipe or lane at 'dock' takes what it makes; add one, or take "
            "the process out"
        ],
    ),
    (
        "site without lanes",
        "sites.csv",
        "dock,friend,Dock",
        "dock,friend,Dock\nquay,friend,Quay",
        [
            "sites.csv, row 4, site: 'quay': no lane starts or ends there, so no policy reaches it; add its lanes, or take the "
            "site out"
        ],
    ),
    (
        "delay beyond the horizon",
        "policies.csv",
        "review,slow,8,0.95,0,20",
        "review,slow,30:1;24:2,0.95,0,20",
        [
            "policies.csv, row 2, delay_weeks: '30:1;24:2': after 24 weeks of review and 2 weeks of transport nothing licensed "
            "from week 0 on arrives in the 26 weeks of the horizon: the policy acts as a ban; shorten it, or plan for more weeks"
        ],
    ),
    ("delay that just fits", "policies.csv", "review,slow,8,0.95,0,20", "review,slow,23,0.95,0,20", []),
    (
        "delay that begins late",
        "policies.csv",
        "review,slow,8,0.95,0,20",
        "review,slow,8,0.95,16,20",
        [
            "policies.csv, row 2, delay_weeks: '8': after 8 weeks of review and 2 weeks of transport nothing licensed from week 16"
        ],
    ),
    ("a ban", "policies.csv", "review,slow,8,0.95,0,20", "review,slow,99,0,0,20", []),
    (
        "penalty below the price",
        "demands.csv",
        "home,chip,20,90",
        "home,chip,20,49",
        [
            "demands.csv, row 2, shortage_penalty: '49': less than the 50 that a unit costs at least there: it is cheaper not to "
            "serve this demand; raise it, unless that is meant"
        ],
    ),
    ("penalty of the price", "demands.csv", "home,chip,20,90", "home,chip,20,50", []),
    (
        "penalty below the cost of making it",
        "demands.csv",
        "mill,chip,15,70",
        "mill,chip,15,14",
        ["demands.csv, row 3, shortage_penalty: '14': less than the 15 that a unit costs at least there"],
    ),
    (
        "ids that differ in capitals",
        "items.csv",
        "ore,Ore,t,,",
        "ore,Ore,t,,\nORE,Slag,t,,",
        [
            "items.csv, row 5, item: 'ORE': looks like 'ore' of row 4 and is another id; write both alike",
            "items.csv, row 5, item: 'ORE': no lane",
        ],
    ),
    (
        "ids that differ in a character that is not seen",
        "policies.csv",
        "embargo,stop,26",
        "review,slow\u200b,8,1,,,,,\nembargo,stop,26",
        [
            "policies.csv, row 4, policy: 'slow\\u200b': looks like 'slow' of row 2 and is another id (it holds U+200B, zero "
            "width space); write both alike"
        ],
    ),
    (
        "ids that differ in script",
        "retaliations.csv",
        "answer,embargo,stop,5",
        "answer,embargo,stop,5\n\u0430nswer,embargo,stop,6",
        [
            "retaliations.csv, row 3, package: '\u0430nswer': looks like 'answer' of row 2 and is another id (it holds U+0430, "
            "cyrillic small letter a); write both alike"
        ],
    ),
    (
        "ids that differ in width",
        "contingencies.csv",
        "strike,chip-alt,,2,,0",
        "strike,chip-alt,,2,,0\n\uff46ire,chip-alt,,2,,0",
        [
            "contingencies.csv, row 4, contingency: '\uff46ire': looks like 'fire' of row 2 and is another id (it holds U+FF46"
        ],
    ),
    (
        "ids that differ in a hyphen",
        "lanes.csv",
        "ore-in,ore,market",
        "chip\u2011in,ore,market",
        ["lanes.csv, row 6, lane: 'chip\u2011in': looks like 'chip-in' of row 4 and is another id (it holds U+2011"],
    ),
    (
        "the same policy of two regimes",
        "policies.csv",
        "embargo,stop,26",
        "embargo,Slow,8,1,,,,,\nembargo,stop,26",
        [],
    ),
    (
        "an id with a character that is not seen",
        "processes.csv",
        "etch,mill,chip,,5",
        "etch,mill,chip,,5\npress\u00a0two,mill,chip,,5",
        ["processes.csv, row 4, process: 'press\\xa0two': holds U+00A0, no-break space, which nobody sees; retype it"],
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
