"""What an analyst waits for when a year of world trade is scanned: 12 million made-up rows in the columns of CEPII BACI."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

ROWS = 12_000_000
COUNTRIES = (
    "4 8 12 24 31 32 36 40 44 48 50 51 52 56 64 68 70 72 76 84 90 96 100 104 108 112 116 120 124 132 140 144 148 152 "
    "156 170 174 178 180 188 191 192 196 203 204 208 212 214 218 222 226 231 232 233 242 246 251 262 266 268 270 275 "
    "276 288 296 300 308 320 324 328 332 340 344 348 352 360 364 368 372 376 380 384 388 392 398 400 404 408 410 414 "
    "417 418 422 426 428 430 434 440 442 446 450 454 458 462 466 470 478 480 484 490 496 498 499 504 508 512 516 520 "
    "524 528 533 540 548 554 558 562 566 579 585 586 591 598 600 604 608 616 620 624 626 634 642 643 646 659 662 670 "
    "674 678 682 686 688 690 694 699 702 703 704 705 706 710 716 724 728 729 740 748 752 757 760 762 764 768 776 780 "
    "784 788 792 795 800 804 807 818 826 834 842 854 858 860 862 882 887 894 "
)
CODES = 5_000
YEAR = 2023


def write(path: Path, rows: int, seed: int = 0) -> None:
    """Write rows that differ in exporter, importer and product, as BACI has them: 2 % without a quantity, codes of six digits."""
    random = np.random.default_rng(seed)
    countries = np.array(sorted(int(number) for number in COUNTRIES.split()))
    # One chapter after another, from 010121 on.
    codes = np.array(
        [
            f"{chapter:02}{heading:02}{item:02}"
            for chapter in range(1, 98)
            for heading in range(1, 5)
            for item in range(10, 23)
        ]
    )[:CODES]
    codes = codes[:CODES]
    pairs = len(countries) * len(countries)
    chosen = np.sort(random.choice(pairs * len(codes), size=rows, replace=False, shuffle=False))
    options = pa.csv.WriteOptions(include_header=False, quoting_style="none")
    with path.open("wb") as file:
        file.write(b"t,i,j,k,v,q\n")
        for part in np.array_split(chosen, max(1, rows // 500_000)):
            pair, code = part // len(codes), part % len(codes)
            exporter, importer = countries[pair // len(countries)], countries[pair % len(countries)]
            value = np.round(random.lognormal(3, 2.5, len(part)), 3)
            quantity = np.char.mod("%.3f", value / random.lognormal(1, 1, len(part))).astype(object)
            quantity[random.random(len(part)) < 0.02] = "NA"
            table = pa.table(
                {
                    "t": np.full(len(part), YEAR),
                    "i": exporter,
                    "j": importer,
                    "k": codes[code],
                    "v": value,
                    "q": pa.array(quantity),
                }
            )
            pa.csv.write_csv(table, file, options)


def scan(path: Path) -> tuple[float, float]:
    """Seconds and peak memory in GB of a scan in a process of its own."""
    began = time.perf_counter()
    options = ["--focal", "TWN", "--counterpart", "KOR", "--allies", "USA,JPN", "-q"]
    command = [sys.executable, "-m", "sluicegate.cli", "scan", str(path), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    # Of this process alone: the one that made the rows took more.
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), command)
    return time.perf_counter() - began, used.ru_maxrss / 1e6


def measure(rows: int = ROWS) -> list[tuple[str, str]]:
    """Seconds and memory of a scan of a year of BACI."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"BACI_HS22_Y{YEAR}_V000000.csv"
        # In a process of its own, whose memory is not the scan's.
        subprocess.run([sys.executable, "-m", "tools.bench.trade", str(path), str(rows)], check=True)
        size = path.stat().st_size / 1e6
        seconds, memory = scan(path)
    return [
        (f"`sluicegate scan` of {rows:,} rows of BACI, {size:,.0f} MB (aim <= 60 s)", f"{seconds:.0f} s"),
        ("its peak memory (aim < 1 GB)", f"{memory:.2f} GB"),
    ]


if __name__ == "__main__":
    write(Path(sys.argv[1]), int(sys.argv[2]))
