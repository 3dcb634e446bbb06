"""One good case that has rows in every table, and ways to write and spoil it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sluicegate.data import Case, CaseError, load_case

GOOD = {
    "case.toml": """\
# A comment.
[case]
title = "Resin and chips"
currency = "EUR m"

[horizon]
weeks = 26
start = 2026-01-05

[limits]
budget = 80.5
political_capital = 4

[objective]
scenario = "worst"

[solver]
rel_gap = 1e-3
""",
    "parties.csv": """\
party,role,name,loss_weight
us,focal,Us,
friend,ally,Friend,0.5
them,counterpart,Them,
third,other,Third,1
""",
    "sites.csv": """\
site,party,name
home,us,Home
dock,friend,Dock
mill,them,Mill
market,third,Market
""",
    "items.csv": """\
item,name,unit,holding_cost,max_party_share
resin,Resin,t,0.05,
chip,Chip,thousand,0.1,0.9
ore,Ore,t,,
""",
    "stocks.csv": """\
site,item,initial,capacity,terminal_target,stockpile_max,stockpile_cost
home,chip,20,100,,40,
mill,resin,50,,30,,
""",
    "lanes.csv": """\
lane,item,origin,destination,lead_weeks,unit_cost,base_flow,max_flow,available_week,ramp_weeks,margin,fixed_cost,regime
resin-out,resin,home,mill,2,10,40,60,,,10,,review
resin-alt,resin,market,mill,4,15,0,30,6,4,,,
chip-in,chip,mill,home,1,50,20,20,,,50,,embargo
chip-alt,chip,market,home,3,60,0,15,,,,25,
ore-in,ore,market,home,2,1,80,100,,,,,
chip-dock,chip,mill,dock,1,52,5,9,,,52,,embargo
""",
    "processes.csv": """\
process,site,output,capacity,unit_cost
cook,home,resin,80,2
etch,mill,chip,,5
""",
    "recipes.csv": """\
process,input,quantity
cook,ore,2
etch,resin,1
""",
    "demands.csv": """\
site,item,quantity,shortage_penalty,min_fill,min_fill_week
home,chip,20,90,0.8,0.2
mill,chip,15,70,,
dock,chip,5,80,0.5,
""",
    "regimes.csv": """\
regime,controller,name
review,us,Review of resin
embargo,them,Control of chips
""",
    "policies.csv": """\
regime,policy,delay_weeks,approval_rate,start_week,end_week,admin_cost,reviewer_load,political_cost
review,slow,8,0.95,0,20,3,100,1
review,strict,4:0.5;12:0.5,0.8,,,5,200,2
embargo,stop,26,0,,,,,
""",
    "retaliations.csv": """\
package,regime,policy,cost
answer,embargo,stop,5
""",
    "contingencies.csv": """\
contingency,lane,process,from_week,to_week,availability
fire,,cook,3,6,0.5
strike,chip-alt,,2,,0
""",
    "sources.csv": """\
table,key,column,value,source,date,confidence,note
lanes,resin-out,unit_cost,10,"Yearbook, p. 3",2024-03-01,high,
demands,mill/chip,quantity,15,,,assumed,A round figure
""",
}


class Folder:
    """A case folder under construction."""

    def __init__(self, path: Path):
        self.path = path
        self.path.mkdir()
        for name, text in GOOD.items():
            self.write(name, text)

    def write(self, name: str, content: str | bytes) -> None:
        (self.path / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    def text(self, name: str) -> str:
        return (self.path / name).read_text(encoding="utf-8")

    def swap(self, name: str, old: str, new: str) -> None:
        text = self.text(name)
        assert text.count(old) == 1, f"{old!r} is {text.count(old)} times in {name}"
        self.write(name, text.replace(old, new))

    def remove(self, name: str) -> None:
        (self.path / name).unlink()

    def load(self) -> Case:
        return load_case(self.path)

    def faults(self) -> list[str]:
        with pytest.raises(CaseError) as caught:
            self.load()
        return [str(fault) for fault in caught.value.faults]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path / "good")


@pytest.fixture
def good(folder: Folder) -> Case:
    return folder.load()
