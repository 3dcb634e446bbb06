"""Every tolerance of the model and of the analyses, in one place; all act in natural units (conventions.md, Units)."""

from __future__ import annotations

# The solver -------------------------------------------------------------------------------------------------------

UNSCALED_INFEASIBILITY = 1e-6
"""Unscaled infeasibility up to which an optimal HiGHS solution is accepted."""

COMPLEMENTARY = 1e-7
"""HiGHS's own tolerance: the most that a column off its bounds times its reduced cost may be at an optimum."""

INTEGRAL = 1e-6
"""Distance to the nearest integer up to which a value counts as integral."""

BRANCHED_ON = 1e-9
"""The same for a program that our own branch and bound solves: a hundred-millionth of a lane can be what a small buyer takes."""

BASIS_FEASIBLE = 1e-7
"""Violation of a row, bound or reduced cost that a basis may have; HiGHS allows as much."""

WHOLE_GAP = 1e-8
"""Gap, relative and in natural units of money, of a program that chooses binaries of our operations."""

FACE_RELATIVE, FACE_ABSOLUTE = 1e-9, 1e-8
"""How much wider than V the least-cost face is in relaxations, which only bound, and where rounding leaves the face itself empty:
relative to what of V can be avoided, and in natural units of money, which is less than the solver's own tolerance."""

# Limits and feasibility -------------------------------------------------------------------------------------------

LIMIT_ROUNDING = 1e-9
"""Rounding of a sum over the chosen policies, relative to its limit and absolute."""

LIMIT_BROKEN = 1e-5
"""Sum of limits' gaps, in their own units, above which limits count as broken."""

LIMIT_KEPT = 1e-6
"""Share of a limit, or of what it limits, up to which breaking it is rounding."""

LIMIT_BINDS = 1e-6
"""What may be left of a limit, relative to it, for it to bind."""

GAP_CLOSED = 1e-6
"""Sum of relative gaps of limits up to which they count as kept."""

DUAL_COUNTS = 1e-7
"""Share of a limit's price from which its dual counts as one."""

NO_PLAN_SHARE = 1e-6
"""Share of what a limit's gap is charged for at which a feasibility cut proves that no plan exists."""

# Leverage and money -----------------------------------------------------------------------------------------------

LEVERAGE_TIE = 1e-7
"""Leverages nearer than this, relative to the larger, are ties."""

LEVERAGE_FLOOR = 1e-2
"""Leverage, in natural units of money, below which ties are absolute: the solver's rounding does not shrink with it."""

LAST_PLACE = 1e-14
"""Relative gap up to which bound and leverage differ by the order in which the same numbers were added."""

COMPARED_GAP = 1e-6
"""Relative gap of the searches whose leverages are compared, where the case's is wider."""

PRICE_NOISE, PRICE_NOISE_SCALE = 1e-6, 1e-3
"""Share of the leverage (or of this share of the money at stake, if larger) below which a shadow price is rounding."""

MONEY_ROUNDING = 1e-7
"""Money that the solver's tolerance may hide."""

LEFT_OUT = 1e-7
"""Share of the money at stake by which a scenario that a search left out may lower its leverage and not be in its way."""

CERTIFICATE = 1e-5
"""Relative difference between a program and the linear programs solved alone above which the plan is refused."""

SMALL_CERTIFICATE = 1e-3
"""Share of the money at stake below which differences of the certificate are absolute."""

SMALL_LEVERAGE = 1e-6
"""Share of the money at stake below which gaps of the leverage are absolute."""

CAUSE_NOISE = 1e-9
"""Share of a loss below which a cause of it is not listed."""

# Quantities -------------------------------------------------------------------------------------------------------

QUANTITY_NOISE = 1e-9
"""Share of its scale below which a quantity is rounding."""

FLOW_NOISE = 1e-9
"""Share of a flow below which a difference is rounding."""

STREAM_GONE = 1e-12
"""Share of a stream below which nothing of it is left."""

VALUE_NOISE = 1e-8
"""Share of a limit below which a value of it is 0 but for rounding."""

NO_AMOUNT = 1e-7
"""Share of ``stockpile_max`` (or of one unit, if larger) below which a stockpile is rounding."""

NO_AMOUNT_UNITS = 1e3
"""Natural units of ``stockpile_max`` of which that share is taken at most: beside a large one, little can be what is needed."""

SAME_AMOUNT = 0.01
"""Share of ``stockpile_max`` by which two stockpiles may differ and count as the same."""

SERVED_IN_FULL = 1 - 1e-4
"""Fill from which demand counts as served in full, in a week or as a mean; the least-cost face leaves fills slightly below 1."""

NO_LOSS = 1e-5
"""Loss, in weeks of one demand, below which nothing counts as lost."""

NOTHING_TO_COME = 1e-3
"""Share of the counterpart's loss below which what is still to come of it counts as nothing."""

# Comparisons inside the methods -----------------------------------------------------------------------------------

SAME_HEIGHT = 1e-7
"""Relative difference of two costs of a response that is rounding."""

SAME_LEVEL = 1e-7
"""Levels of a frontier nearer than this, relative to the larger, are one."""

USE_GAP = 0.01
"""Share of the distance between two levels of a frontier to which the least use of a plan is proven."""

WORLD_TIE = 1e-6
"""Share of the largest leverage over worlds, or of the money at stake, up to which what is made of leverages counts as 0."""

WIDE_RANGE = 0.05
"""Relative width of `leverage_range` from which a warning is given."""


def leverage_tie(leverage: float) -> float:
    """Difference from a leverage, in natural units of money, up to which another ties with it."""
    return LEVERAGE_TIE * max(abs(leverage), LEVERAGE_FLOOR)
