"""What the columns of a plan's sheets mean, as notes on their headers."""

from __future__ import annotations

NOTES = {
    "Regime": "A control-list entry whose exports need a licence.",
    "Policy": "How the regime reviews exports; open reviews nothing.",
    "Mean delay": "Mean weeks of review, on top of the lead time.",
    "Licences granted": "Share of what a lane can carry that is licensed; what is refused stays with the exporter.",
    "First week goods are late": "Week 0 is the announcement; never: no goods are late within the horizon.",
    "First week of a shortage": "First week in which the counterpart sells less downstream.",
    "Before": "Mean dispatches a week before week 0.",
    "In the plan": "Mean dispatches a week in the plan, in scenario none; of a stockpile the units bought before week 0.",
    "Share before": "Share of all the item's dispatches to the site.",
    "Share in the plan": "Share of all the item's dispatches to the site, in scenario none.",
    "To be qualified": "yes: the lane can be used only after a fixed cost is paid once.",
    "Qualified": "yes: the plan pays that cost.",
    "Cost of qualifying": "Paid once. Lanes that one qualification opens share its cost.",
    "Spent on it": "Purchases over the horizon in scenario none; of a stockpile what it costs.",
    "Kind": "A package of retaliation, an outage, or no retaliation; worst: the package that leaves us the least leverage.",
    "Leverage": "The counterpart's loss less our loss.",
    "Cost": "What our supply costs over the horizon.",
    "Counterpart's loss": "What the policies and its package cost the counterpart after it has answered as cheaply as it can.",
    "Our loss": "What the same costs our side: sales and goods lost, reviews, second sources, stockpiles.",
    "Known from week": "Week from which our side knows of the scenario; before it we do what we do in scenario none.",
    "Fill at its least": "Demands whose fill is exactly at its minimum in this scenario: there the limit binds.",
    "Mean fill": "Share of the demand that is served, mean over the weeks.",
    "Id": "What the weekly sheets, tables and options call the scenario.",
    "What happens": "What the scenario does, in which weeks, and how much.",
    "Cause": "A part of a loss in which nothing cancels: sales count net of the inputs and production they save.",
    "Units": "Units of the item that the cause is about.",
    "Status quo": "Cost before week 0, over the horizon.",
    "Plan": "Cost in the plan, over the horizon.",
    "Loss": "Plan less status quo; below 0 is a saving.",
    "Change": "Plan less today.",
    "Limit on": "Mean over the weeks, mean of a run of weeks, or any single week.",
    "Least fill allowed": "The limit that the case sets.",
    "Worst in": "The scenario that comes nearest to the limit, or breaks it most.",
    "Margin": "Points of fill above the limit; below 0 the limit is broken.",
    "Settled in week": "The week in which the dispute ends; all policies are over from then on.",
    "All weeks": "Sum over the weeks.",
    "At the end": "Stock at the end of the last week.",
    "Landed cost of a unit": "Price, freight and duty, with what qualifying the supplier takes spread over the units.",
    "Least week": "Fill of the worst week.",
}
"""Notes by the header, without its unit."""

BY_SHEET = {
    ("Fills by week", "Mean"): "Mean over the weeks of the share that is served.",
    ("Sourcing", "Kind"): "A lane into our side, or a stockpile bought before week 0.",
    ("Causes", "Side"): "Whose loss it is.",
    ("Decisions", "Decision"): "Id of the regime, lane, qualification or stock, as options and tables write it.",
    ("Decisions", "Name"): "What to call it: a regime; a lane by what it carries and from where; an item and its site.",
    (
        "Decisions",
        "Kind",
    ): "A policy of a regime, a qualification that is paid once, or a stockpile bought before week 0.",
    ("Decisions", "Chosen"): "Yours to change: the policy of the regime; yes or no to qualifying.",
    ("Decisions", "Units"): "Yours to change: units of the stockpile.",
    ("Decisions", "Price"): "What qualifying costs, or a unit of the stockpile.",
    ("Decisions", "Cost"): "What the choice takes of the budget; follows what is chosen.",
    ("Decisions", "Reviewer hours"): "Hours that the chosen policy takes.",
    ("Decisions", "Political capital"): "Points that the chosen policy takes.",
    ("Decisions", "Lost without it"): "Leverage that the best plan without it loses, all else chosen anew.",
    ("Decisions", "Dearer without it"): "How much more the best plan without it costs, all else chosen anew.",
    ("Decisions", "Needed for"): "The scenario and the limit that need it, all else kept.",
    ("Decisions", "Instead"): "What the best plan without it does otherwise.",
}
"""Notes of columns whose header means another thing on one sheet."""


def note_of(sheet: str, header: str) -> str:
    """Return the note of a column of a plan's sheet; empty where its header says all.

    Parameters
    ----------
    sheet, header
        Title of the sheet; header of the column, with its unit.
    """
    title = (
        header.partition(" (")[0].partition(" of ")[0]
        if header.startswith("Mean fill of ")
        else header.partition(" (")[0]
    )
    return BY_SHEET.get((sheet, title), NOTES.get(title, ""))
