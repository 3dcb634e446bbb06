"""Losses of the record in one currency and period: USD m in the year from July 2019."""

from __future__ import annotations

from dataclasses import dataclass

from .record import read


@dataclass(frozen=True)
class Loss:
    """A loss of the record, converted.

    Attributes
    ----------
    name, who
        What it is, and who loses: ``korea`` or ``japan``.
    when
        ``before`` or ``after`` the fact.
    low, value, high
        USD m a year.
    conversion
        How it was converted, in words.
    source
        Where it was read.
    """

    name: str
    who: str
    when: str
    low: float
    value: float
    high: float
    conversion: str
    source: str


NAMES = {
    "exante_keri_15pct_shortage": ("KERI, 15 % short of materials", "korea", "before"),
    "exante_kiep": ("KIEP", "korea", "before"),
    "exante_keri_30pct_shortage": ("KERI, 30 % short", "korea", "before"),
    "exante_keri_retaliation": ("KERI, with retaliation", "korea", "before"),
    "exante_keri_45pct_shortage": ("KERI, 45 % short", "korea", "before"),
    "exante_keri_80pct_shortage": ("KERI, 80 % short", "korea", "before"),
    "exante_chubu": ("Chubu Region Institute", "korea", "before"),
    "expost_welfare_kor": ("Balistreri and Shin 2022, Korea", "korea", "after"),
    "expost_welfare_jpn": ("Balistreri and Shin 2022, Japan", "japan", "after"),
    "japan_hf_export_loss_annual": ("Japan's lost sales of hydrogen fluoride", "japan", "after"),
}

WELFARE_USD_M = {"expost_welfare_kor": 1000.0, "expost_welfare_jpn": 346.0}
"""What the study itself gives in USD m; it includes the Korean boycott of Japanese goods."""


def losses() -> list[Loss]:
    """Return the losses of the record, smallest first on each side."""
    parameters = read("parameters").set_index("id")
    context = read("context").set_index("id")["value"].astype(float)
    found = []
    for name, (title, who, when) in NAMES.items():
        row = parameters.loc[name]
        values = [
            float(row[column]) if row[column] == row[column] else float(row["value"])
            for column in ("low", "value", "high")
        ]
        low, value, high = sorted(abs(number) for number in values)
        if name in WELFARE_USD_M:
            scale, conversion = (
                WELFARE_USD_M[name] / value,
                f"{row['value']} % of welfare, given as USD {WELFARE_USD_M[name]:,.0f} m",
            )
        elif row["unit"].startswith("JPY bn"):
            scale = 1000.0 / context["jpy_per_usd"]
            conversion = f"JPY {value:g} bn a year at {context['jpy_per_usd']:.1f} a dollar"
        else:
            scale = context["gdp_korea"] * 1000.0 / 100.0
            conversion = f"{row['value']} % of a GDP of USD {context['gdp_korea']:,.0f} bn (2019)"
        found.append(Loss(title, who, when, low * scale, value * scale, high * scale, conversion, row["source"]))
    return sorted(found, key=lambda loss: (loss.who != "korea", loss.value))
