"""Every kind of bad input as an edit of the good case, with the message it must lead to."""

from __future__ import annotations

import pytest

NUMBER = "not a number; write a plain decimal such as 12.5"

# What it shows, file, text taken out, text put in, every fault in full.
EDITS = [
    # Settings
    ("no weeks", "case.toml", "weeks = 26\n", "", ["case.toml, row 6, horizon.weeks: missing; every case has it"]),
    (
        "no horizon",
        "case.toml",
        "[horizon]\nweeks = 26\nstart = 2026-01-05\n",
        "",
        ["case.toml, horizon: missing; every case has the section [horizon] with weeks"],
    ),
    (
        "unknown section",
        "case.toml",
        "[limits]",
        "[limit]",
        ["case.toml, row 10, limit: unknown section; did you mean 'limits'?"],
    ),
    (
        "unknown key",
        "case.toml",
        "budget =",
        "budgt =",
        ["case.toml, row 11, limits.budgt: '80.5': unknown key; did you mean 'budget'?"],
    ),
    (
        "key of no section",
        "case.toml",
        "# A comment.",
        "time_limit = 5",
        ["case.toml, row 1, time_limit: '5': unknown; write it under [solver]"],
    ),
    (
        "key far from any",
        "case.toml",
        "rel_gap",
        "zzz",
        ["case.toml, row 18, solver.zzz: '0.001': unknown key; known are time_limit, rel_gap"],
    ),
    (
        "no section",
        "case.toml",
        '[objective]\nscenario = "worst"\n',
        "",
        None,
    ),
    (
        "section that is a value",
        "case.toml",
        '# A comment.\n[case]\ntitle = "Resin and chips"\ncurrency = "EUR m"\n',
        'case = "Resin"',
        ["case.toml, row 1, case: 'Resin': not a section; write [case] and below it title, currency"],
    ),
    (
        "words for weeks",
        "case.toml",
        "weeks = 26",
        'weeks = "many"',
        [f"case.toml, row 7, horizon.weeks: 'many': {NUMBER}, without separators or units"],
    ),
    (
        "half a week",
        "case.toml",
        "weeks = 26",
        "weeks = 2.5",
        ["case.toml, row 7, horizon.weeks: '2.5': not a whole number of weeks"],
    ),
    (
        "no weeks at all",
        "case.toml",
        "weeks = 26",
        "weeks = 0",
        ["case.toml, row 7, horizon.weeks: '0': a horizon has at least one week"],
    ),
    (
        "more than a century",
        "case.toml",
        "weeks = 26",
        "weeks = 5201",
        ["case.toml, row 7, horizon.weeks: '5201': a horizon has at most 5200 weeks"],
    ),
    ("truth for weeks", "case.toml", "weeks = 26", "weeks = true", [f"horizon.weeks: 'true': {NUMBER}"]),
    ("list for weeks", "case.toml", "weeks = 26", "weeks = [26]", [f"horizon.weeks: '[26]': {NUMBER}"]),
    (
        "no date",
        "case.toml",
        "start = 2026-01-05",
        'start = "5 January"',
        ["case.toml, row 8, horizon.start: '5 January': not a date; write year-month-day such as 2026-01-05"],
    ),
    (
        "a date of another form",
        "case.toml",
        "start = 2026-01-05",
        'start = "01.08.2023"',
        ["case.toml, row 8, horizon.start: '01.08.2023': not a date; write 2023-08-01, year-month-day"],
    ),
    (
        "negative limit",
        "case.toml",
        "budget = 80.5",
        "budget = -1",
        ["case.toml, row 11, limits.budget: '-1': negative; must be 0 or more"],
    ),
    (
        "scenario of another name",
        "case.toml",
        '"worst"',
        '"wurst"',
        [
            "objective.scenario: 'wurst': write worst, none, expected, or cvar: with the share of the weight that is left out"
        ],
    ),
    ("gap that is not finite", "case.toml", "1e-3", "inf", ["solver.rel_gap: 'inf': not finite"]),
    ("text that is a list", "case.toml", '"EUR m"', '["EUR"]', ["case.currency: \"['EUR']\": not a single value"]),
    (
        "broken TOML",
        "case.toml",
        "weeks = 26",
        "weeks = ",
        ["case.toml, row 7: 'weeks =': not TOML; write a value after the equal sign, or take the line out"],
    ),
    ("number too long", "case.toml", "weeks = 26", "weeks = " + "1" * 5000, ["case.toml: not TOML: Exceeds the limit"]),
    (
        "nested too deeply",
        "case.toml",
        "weeks = 26",
        "weeks = " + "[" * 9999,
        ["case.toml: not TOML: nested too deeply"],
    ),
    # Columns
    (
        "unknown column near a known one",
        "items.csv",
        "holding_cost",
        "hold_cost",
        ["items.csv, row 1, hold_cost: unknown column; did you mean 'holding_cost'?"],
    ),
    (
        "column in capitals",
        "sites.csv",
        "party,name",
        "PARTY,name",
        ["sites.csv, row 1, PARTY: unknown column; did you mean 'party'?"],
    ),
    (
        "unknown column far from any",
        "recipes.csv",
        "process,input,quantity\ncook,ore,2\n",
        "process,input,quantity,zzzz\ncook,ore,2,\n",
        [
            "recipes.csv, row 1, zzzz: unknown column; known are process, input, quantity",
            "recipes.csv, row 3: 3 cells where the header has 4",
        ],
    ),
    (
        "missing column, once",
        "demands.csv",
        "site,item,quantity,shortage_penalty,min_fill,min_fill_week\nhome,chip,20,90,0.8,0.2\nmill,chip,15,70,,\n",
        "site,item,quantity,min_fill,min_fill_week\nhome,chip,20,0.8,0.2\nmill,chip,15,,\n",
        [
            "demands.csv, row 1, shortage_penalty: missing column; demands needs it",
            "demands.csv, row 4: 6 cells where the header has 5",
        ],
    ),
    (
        "missing id column",
        "sites.csv",
        "site,party,name\nhome,us,Home\ndock,friend,Dock\nmill,them,Mill\nmarket,third,Market\n",
        "party,name\nus,Home\nfriend,Dock\nthem,Mill\nthird,Market\n",
        ["sites.csv, row 1, site: missing column; sites needs it"],
    ),
    (
        "no header",
        "regimes.csv",
        "regime,controller,name\n",
        "",
        [
            "regimes.csv, row 1: 'review, us, Review of resin': the first row is no header; none of its cells is a "
            "column of regimes: regime, controller, name"
        ],
    ),
    (
        "column named twice",
        "items.csv",
        "name,unit",
        "name,name",
        ["items.csv, row 1, name: named twice, in columns 2 and 3"],
    ),
    ("column without a name", "items.csv", "name,unit", "name,", ["items.csv, row 1: column 3 has no name"]),
    # Cells
    (
        "words for a number",
        "lanes.csv",
        "resin-out,resin,home,mill,2,10,",
        "resin-out,resin,home,mill,2,ten,",
        [f"lanes.csv, row 2, unit_cost: 'ten': {NUMBER}, without separators or units"],
    ),
    (
        "a separator",
        "lanes.csv",
        "40,60",
        '40,"6,000"',
        ["lanes.csv, row 2, max_flow: '6,000': not a number; write 6000, or 6.000 if the comma is a decimal point"],
    ),
    ("a decimal comma", "lanes.csv", "40,60", '40,"60,5"', ["row 2, max_flow: '60,5': not a number; write 60.5"]),
    ("two separators", "lanes.csv", "40,60", '40,"6.000,5"', ["max_flow: '6.000,5': not a number; write 6000.5"]),
    ("a blank as separator", "lanes.csv", "40,60", "40,6 000", ["max_flow: '6 000': not a number; write 6000"]),
    ("a percentage", "items.csv", "0.9", "90%", ["items.csv, row 3, max_party_share: '90%': not a number; write 0.9"]),
    ("a share with a comma", "items.csv", "0.9", '"0,9"', ["row 3, max_party_share: '0,9': not a number; write 0.9"]),
    (
        "a unit",
        "lanes.csv",
        "40,60",
        "40,60 t",
        ["lanes.csv, row 2, max_flow: '60 t': not a number; write 60, without 't'"],
    ),
    ("a multiple", "lanes.csv", "40,60", "40,60k", [f"lanes.csv, row 2, max_flow: '60k': {NUMBER}"]),
    ("truth for a number", "lanes.csv", "40,60", "40,true", [f"lanes.csv, row 2, max_flow: 'true': {NUMBER}"]),
    ("hexadecimal", "lanes.csv", "40,60", "40,0x3c", [f"lanes.csv, row 2, max_flow: '0x3c': {NUMBER}"]),
    (
        "underscores",
        "lanes.csv",
        "40,60",
        "40,1_000",
        ["lanes.csv, row 2, max_flow: '1_000': not a number; write 1000"],
    ),
    ("not a number", "lanes.csv", "40,60", "40,nan", [f"lanes.csv, row 2, max_flow: 'nan': {NUMBER}"]),
    ("infinite", "lanes.csv", "40,60", "inf,60", ["lanes.csv, row 2, base_flow: 'inf': not finite"]),
    ("too large", "lanes.csv", "40,60", "40,1e999", ["lanes.csv, row 2, max_flow: '1e999': too large for a number"]),
    ("minus infinity", "stocks.csv", "20,100", "20,-inf", ["stocks.csv, row 2, capacity: '-inf': not finite"]),
    (
        "negative",
        "lanes.csv",
        "40,60",
        "40,-60",
        ["lanes.csv, row 2, max_flow: '-60': negative; must be 0 or more"],
    ),
    (
        "negative weeks",
        "lanes.csv",
        "home,mill,2,",
        "home,mill,-2,",
        ["lanes.csv, row 2, lead_weeks: '-2': negative; weeks count from 0"],
    ),
    ("weeks beyond reason", "lanes.csv", "home,mill,2,", "home,mill,1e300,", ["'1e300': more than 1000000 weeks"]),
    (
        "half weeks",
        "lanes.csv",
        "home,mill,2,",
        "home,mill,2.5,",
        ["lanes.csv, row 2, lead_weeks: '2.5': not a whole number of weeks"],
    ),
    (
        "share above 1",
        "policies.csv",
        "0.95",
        "95",
        ["policies.csv, row 2, approval_rate: '95': not a share; must lie between 0 and 1: 95 % is 0.95"],
    ),
    ("share below 0", "items.csv", "0.9", "-0.1", ["items.csv, row 3, max_party_share: '-0.1': not a share"]),
    ("empty figure", "lanes.csv", "40,60", "40,", ["lanes.csv, row 2, max_flow: empty; a value is needed"]),
    (
        "empty id",
        "items.csv",
        "ore,Ore",
        " ,Ore",
        ["items.csv, row 4, item: empty; a value is needed", "row 6, item: 'ore'", "row 2, input: 'ore'"],
    ),
    (
        "role of another name",
        "parties.csv",
        "us,focal",
        "us,local",
        ["parties.csv, row 2, role: 'local': must be one of focal, counterpart, ally, other; did you mean 'focal'?"],
    ),
    (
        "a supplier is other",
        "parties.csv",
        "us,focal",
        "us,supplier",
        ["one of focal, counterpart, ally, other; we are focal, suppliers and their countries are other"],
    ),
    (
        "confidence of another name",
        "sources.csv",
        "assumed",
        "guess",
        ["sources.csv, row 3, confidence: 'guess': must be one of high, medium, low, assumed"],
    ),
    (
        "a slash in an id",
        "retaliations.csv",
        "answer",
        "a/b",
        ["retaliations.csv, row 2, package: 'a/b': an id may hold any text but '/' and a line break"],
    ),
    ("a control character", "sites.csv", "Home", "Ho\x07me", ["sites.csv, row 2, name: 'Ho\\x07me': holds a control"]),
    (
        "no delay",
        "policies.csv",
        "slow,8",
        "slow,long",
        ["'long': not a delay; write weeks such as 8, or weeks:weight pairs such as 4:0.5;12:0.5"],
    ),
    ("a delay left out", "policies.csv", "4:0.5;12:0.5", "4:0.5;", ["'4:0.5;': not a delay"]),
    ("a weight left out", "policies.csv", "4:0.5;12:0.5", "4:;12:0.5", ["'4:;12:0.5': not a delay"]),
    (
        "a delay without weight",
        "policies.csv",
        "4:0.5;12:0.5",
        "4;12:0.5",
        ["every delay of a distribution needs a weight"],
    ),
    (
        "weight of 0",
        "policies.csv",
        "4:0.5;12:0.5",
        "4:0;12:0.5",
        ["policies.csv, row 3, delay_weeks: '4:0;12:0.5': the weights of a distribution must be positive"],
    ),
    (
        "negative weight",
        "policies.csv",
        "4:0.5;12:0.5",
        "4:-1;12:2",
        ["the weights of a distribution must be positive"],
    ),
    # Ids and references
    (
        "an id used twice",
        "lanes.csv",
        "resin-alt,",
        "resin-out,",
        ["lanes.csv, row 3, lane: 'resin-out': used twice; row 2 has it already"],
    ),
    (
        "a pair used twice",
        "demands.csv",
        "dock,chip",
        "home,chip",
        ["demands.csv, row 4, site, item: 'home/chip': used twice; row 2 has it already"],
    ),
    (
        "an outage twice",
        "contingencies.csv",
        "strike,chip-alt,,2,,0",
        "fire,,cook,3,,0",
        ["contingencies.csv, row 3, contingency, lane, process, from_week: 'fire/cook/3': used twice; row 2"],
    ),
    (
        "a reference near an id",
        "lanes.csv",
        "resin-out,resin,home",
        "resin-out,resin,hme",
        ["lanes.csv, row 2, origin: 'hme': not in sites; did you mean 'home'?"],
    ),
    (
        "a reference far from any id",
        "sites.csv",
        "mill,them",
        "mill,zz",
        ["sites.csv, row 4, party: 'zz': not in parties; known are friend, them, third, us"],
    ),
    (
        "a reference in capitals",
        "lanes.csv",
        "resin-out,resin,home",
        "resin-out,Resin,home",
        ["lanes.csv, row 2, item: 'Resin': not in items; did you mean 'resin'?"],
    ),
    (
        "a reference with a character that is not seen",
        "lanes.csv",
        "resin-out,resin,home",
        "resin-out,re\u200bsin,home",
        [
            "lanes.csv, row 2, item: 're\\u200bsin': not in items; did you mean 'resin'? (it holds U+200B, "
            "zero width space)"
        ],
    ),
    (
        "a reference with a letter of another script",
        "lanes.csv",
        "resin-out,resin,home",
        "resin-out,r\u0435sin,home",
        ["not in items; did you mean 'resin'? (it holds U+0435, cyrillic small letter ie)"],
    ),
    (
        "a faulty row still has its id",
        "sites.csv",
        "mill,them,Mill",
        "mill,them,Mi\x01ll",
        ["sites.csv, row 4, name: 'Mi\\x01ll': holds a control character; retype it"],
    ),
    (
        "a faulty row is checked for references",
        "lanes.csv",
        "resin-out,resin,home,mill,2,10",
        "resin-out,resn,home,mill,2,ten",
        [
            f"lanes.csv, row 2, unit_cost: 'ten': {NUMBER}",
            "lanes.csv, row 2, item: 'resn': not in items; did you mean 'resin'?",
        ],
    ),
    (
        "a reference to an empty table",
        "regimes.csv",
        "review,us,Review of resin\nembargo,them,Control of chips\n",
        "",
        ["'review': no such regime; regimes has no rows"] + ["no such regime"] * 6,
    ),
    # Parties
    (
        "no focal party",
        "parties.csv",
        "us,focal",
        "us,ally",
        ["parties.csv, role: no party is focal; exactly one must be"],
    ),
    (
        "two focal parties",
        "parties.csv",
        "friend,ally",
        "friend,focal",
        ["parties.csv, row 3, role: 'focal': a second one; row 2 is focal, exactly one party may be"],
    ),
    (
        "two counterparts",
        "parties.csv",
        "friend,ally",
        "friend,counterpart",
        ["parties.csv, row 4, role: 'counterpart': a second one; row 3 is counterpart, at most one party may be"],
    ),
    # Lanes
    (
        "a lane to itself",
        "lanes.csv",
        "ore-in,ore,market,home",
        "ore-in,ore,home,home",
        ["lanes.csv, row 6, destination: 'home': is its origin too; a lane joins two sites"],
    ),
    (
        "base flow above most",
        "lanes.csv",
        "40,60",
        "70,60",
        ["lanes.csv, row 2, base_flow: '70': more than max_flow 60"],
    ),
    (
        "our regime on an import",
        "lanes.csv",
        "1,80,100,,,,,",
        "1,80,100,,,,,review",
        [
            "lanes.csv, row 6, regime: 'review': our side's regimes act on lanes that end at the counterpart, or lead from "
            "it to our side; this one leads from 'market' to 'home'; leave it empty"
        ],
    ),
    ("our regime on a re-export", "lanes.csv", "15,0,30,6,4,,,", "15,9,30,6,4,,,review", None),
    (
        "their regime on our export",
        "lanes.csv",
        "10,,review",
        "10,,embargo",
        [
            "'embargo': a regime of the counterpart acts on lanes that start there; this one starts at 'home'; "
            "leave it empty"
        ],
    ),
    (
        "regime of an other party",
        "regimes.csv",
        "review,us",
        "review,third",
        ["'review': its controller 'third' is an `other` party, whose regimes act on no lane; leave it empty"],
    ),
    ("regime of an ally", "regimes.csv", "review,us", "review,friend", None),
    (
        "qualifying their lane",
        "lanes.csv",
        "15,0,30,6,4,,,",
        "15,0,30,6,4,,25,",
        [
            "lanes.csv, row 3, fixed_cost: '25': we qualify lanes that end on our side; this one ends at 'mill'; "
            "leave it empty"
        ],
    ),
    (
        "qualifying a lane from the counterpart",
        "lanes.csv",
        "52,5,9,,,52,,",
        "52,5,9,,,8,7,",
        [
            "lanes.csv, row 7, fixed_cost: '7': no lane from the counterpart is qualified; this one starts at 'mill'; "
            "leave it empty"
        ],
    ),
    ("nothing to qualify", "lanes.csv", "52,5,9,,,52,,", "52,5,9,,,8,0,", None),
    # Sites
    (
        "stock above capacity",
        "stocks.csv",
        "home,chip,20,100",
        "home,chip,200,100",
        ["stocks.csv, row 2, initial: '200': more than capacity 100"],
    ),
    (
        "stock elsewhere",
        "stocks.csv",
        "mill,resin",
        "market,resin",
        ["stocks.csv, row 3, site: 'market': a site of an `other` party has no balance, so no stock; it only sends"],
    ),
    (
        "demand elsewhere",
        "demands.csv",
        "mill,chip",
        "market,chip",
        ["demands.csv, row 3, site: 'market'", "no demand"][:1],
    ),
    ("process elsewhere", "processes.csv", "etch,mill", "etch,market", ["'market': a site of an `other` party has no"]),
    # Recipes
    (
        "a recipe cycle",
        "recipes.csv",
        "cook,ore,2",
        "cook,chip,2",
        ["a recipe cycle, resin -> chip -> resin; no item may need itself: take out one of row 2, row 3"],
    ),
    (
        "an item of itself",
        "recipes.csv",
        "etch,resin,1",
        "etch,chip,1",
        ["recipes.csv, row 3, input: 'chip': a recipe cycle, chip -> chip; no item may need itself: take out row 3"],
    ),
    (
        "two recipe cycles",
        "recipes.csv",
        "cook,ore,2\n",
        "cook,chip,2\ncook,resin,1\n",
        ["a recipe cycle, resin -> chip -> resin", "resin -> resin; no item may need itself: take out row 3"],
    ),
    ("a process without a recipe", "recipes.csv", "etch,resin,1\n", "", None),
    # Policies
    (
        "a row for open",
        "policies.csv",
        "review,slow",
        "review,open",
        ["policies.csv, row 2, policy: 'open': every regime has `open` without a row; take the row out"],
    ),
    (
        "end before start",
        "policies.csv",
        "0.95,0,20",
        "0.95,20,20",
        ["policies.csv, row 2, end_week: '20': not after start_week 20; it is the first week after the policy"],
    ),
    # Retaliations
    (
        "retaliation by our regime",
        "retaliations.csv",
        "embargo,stop",
        "review,slow",
        ["retaliations.csv, row 2, regime: 'review': controlled by 'us'; only the counterpart's regimes can retaliate"],
    ),
    (
        "a policy its regime has not",
        "retaliations.csv",
        "embargo,stop",
        "embargo,slow",
        ["retaliations.csv, row 2, policy: 'slow': no policy of regime 'embargo'; it has open, stop"],
    ),
    (
        "a policy near one its regime has",
        "retaliations.csv",
        "embargo,stop",
        "embargo,stopp",
        ["'stopp': no policy of regime 'embargo'; did you mean 'stop'?"],
    ),
    ("retaliation that stays open", "retaliations.csv", "embargo,stop", "embargo,open", None),
    (
        "a package named none",
        "retaliations.csv",
        "answer",
        "none",
        ["'none': the name of the scenario in which nothing"],
    ),
    # Contingencies
    (
        "neither lane nor process",
        "contingencies.csv",
        "fire,,cook",
        "fire,,",
        ["contingencies.csv, row 2, lane, process: names neither a lane nor a process; a row names one of them"],
    ),
    ("lane and process", "contingencies.csv", "fire,,cook", "fire,chip-alt,cook", ["names a lane and a process"]),
    (
        "their lane",
        "contingencies.csv",
        "strike,chip-alt",
        "strike,resin-alt",
        ["row 3, lane: 'resin-alt': ends at 'mill'; a contingency strikes lanes that end on our side"],
    ),
    (
        "their process",
        "contingencies.csv",
        "fire,,cook",
        "fire,,etch",
        ["row 2, process: 'etch': runs at 'mill'; a contingency strikes processes of our side"],
    ),
    ("a lane from the counterpart", "contingencies.csv", "strike,chip-alt", "strike,chip-in", None),
    (
        "ends before it begins",
        "contingencies.csv",
        "cook,3,6",
        "cook,3,2",
        ["row 2, to_week: '2': before from_week 3; both weeks are part of the outage"],
    ),
    ("lasts a week", "contingencies.csv", "cook,3,6", "cook,3,3", None),
    (
        "begins after the end",
        "contingencies.csv",
        "chip-alt,,2,",
        "chip-alt,,26,",
        ["row 3, from_week: '26': beyond the horizon; the last week is 25"],
    ),
    ("a contingency named none", "contingencies.csv", "strike", "none", ["'none': the name of the scenario in which"]),
    (
        "a contingency named like a package",
        "contingencies.csv",
        "strike",
        "answer",
        ["contingencies.csv, row 3, contingency: 'answer': a retaliation package has this name; choose another"],
    ),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"), [edit[1:] for edit in EDITS], ids=[edit[0] for edit in EDITS]
)
def test_edit(folder, file, old, new, expected):
    folder.swap(file, old, new)
    if expected is None:
        folder.load()
        return
    faults = folder.faults()
    assert len(faults) == len(expected), "\n".join(faults)
    for fault, fragment in zip(faults, expected, strict=True):
        assert fragment in fault


def test_edits_have_names_of_their_own():
    names = [edit[0] for edit in EDITS]
    assert len(set(names)) == len(names)


def test_all_faults_come_together_in_the_order_of_the_files(folder):
    folder.swap("case.toml", "weeks = 26", "weeks = -1")
    folder.swap("demands.csv", "mill,chip,15", "mill,chip,x")
    folder.swap("lanes.csv", "chip-alt,chip,market,home", "chip-alt,chip,market,hom")
    folder.swap("lanes.csv", "resin-out,resin,home,mill,2,", "resin-out,resin,home,mill,x,")
    folder.remove("items.csv")
    places = [fault.split(":")[0] for fault in folder.faults()]
    assert places == [
        "case.toml, row 7, horizon.weeks",
        "items.csv",
        "lanes.csv, row 2, lead_weeks",
        "lanes.csv, row 5, destination",
        "demands.csv, row 3, quantity",
    ]


def test_row_numbers_count_lines_of_the_file(folder):
    folder.swap("sites.csv", "home,us,Home\n", '\nhome,us,"Ho\nme"\n,,\n')
    folder.swap("sites.csv", "mill,them", "mill,then")
    assert folder.faults() == ["sites.csv, row 7, party: 'then': not in parties; did you mean 'them'?"]
