"""sluicegate: sourcing and export-review delays for bargaining leverage, proven to a stated gap."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .analysis.breakeven.breakeven import breakeven
    from .analysis.compare.compare import compare
    from .analysis.dependence.indices import indices
    from .analysis.explain.explain import explain
    from .analysis.frontier.frontier import Frontier, frontier
    from .analysis.information.ranged import with_range
    from .analysis.reasons.reasons import with_reasons
    from .analysis.sweep.design import make_design
    from .analysis.sweep.read import read_sweep
    from .analysis.sweep.run import sweep
    from .analysis.worlds import solve
    from .data import Case, CaseError, case_from_tables, load_case
    from .model import Plan, evaluate
    from .model.exchange.files import write_model
    from .model.exchange.formulating import formulate

__version__ = "0.1.0"

# Heavy libraries are imported with the first use of a name, not with the package.
_HOMES = {
    "breakeven": ".analysis.breakeven.breakeven",
    "compare": ".analysis.compare.compare",
    "explain": ".analysis.explain.explain",
    "Frontier": ".analysis.frontier.frontier",
    "frontier": ".analysis.frontier.frontier",
    "indices": ".analysis.dependence.indices",
    "make_design": ".analysis.sweep.design",
    "read_sweep": ".analysis.sweep.read",
    "sweep": ".analysis.sweep.run",
    "with_range": ".analysis.information.ranged",
    "with_reasons": ".analysis.reasons.reasons",
    "Case": ".data",
    "CaseError": ".data",
    "case_from_tables": ".data",
    "load_case": ".data",
    "Plan": ".model",
    "evaluate": ".model",
    "solve": ".analysis.worlds",
    "formulate": ".model.exchange.formulating",
    "write_model": ".model.exchange.files",
}

__all__ = [
    "Case",
    "CaseError",
    "Frontier",
    "Plan",
    "__version__",
    "breakeven",
    "case_from_tables",
    "compare",
    "evaluate",
    "explain",
    "formulate",
    "frontier",
    "indices",
    "load_case",
    "make_design",
    "read_sweep",
    "solve",
    "sweep",
    "with_range",
    "with_reasons",
    "write_model",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        found = getattr(import_module(_HOMES[name], __name__), name)
        if f"{__name__}.model" in sys.modules:
            # Plans can be had now: let them show themselves in a notebook.
            import_module(".report.notebook", __name__).attach()
        return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
