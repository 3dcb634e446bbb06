"""Plans for many worlds by mpi-sppy, on our Pyomo models: for given policies, the extensive form and progressive hedging."""

from __future__ import annotations

import importlib.util
import time
from typing import TYPE_CHECKING, Any

from pyomo.environ import Objective, minimize, value
from sluicegate import formulate
from sluicegate.analysis.worlds import Worlds, world_cases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sluicegate import Case

SOLVER = "appsi_highs"


def installed() -> bool:
    """Whether the extra `bench` brought mpi-sppy."""
    return importlib.util.find_spec("mpisppy") is not None


def hedged(case: Case, worlds: Worlds, policies: Mapping[str, str], gap: float) -> dict[str, tuple[float, float]]:
    """Mean leverage of the best lanes and stockpiles under given policies, and the processor seconds it takes, by method.

    Progressive hedging (Rockafellar & Wets 1991) with linearised proximal terms, as mpi-sppy has it: its value is the mean over
    the worlds once these agree on the first stage.
    """
    from mpisppy.opt.ef import ExtensiveForm
    from mpisppy.opt.ph import PH
    from mpisppy.utils.sputils import attach_root_node

    cases = list(world_cases(case, worlds))
    names = [str(number) for number in range(len(cases))]

    def model_of(name: str, **_: Any) -> Any:
        model = formulate(cases[int(name)], policies)
        model.leverage.deactivate()
        model.loss = Objective(expr=-model.leverage.expr, sense=minimize)
        attach_root_node(model, 0, [*model.qualify.values(), *model.stockpile.values()])
        model._mpisppy_probability = float(worlds.weights[int(name)])
        return model

    began = time.process_time()
    whole = ExtensiveForm({"solver": SOLVER}, names, model_of)
    whole.solve_extensive_form(solver_options={"mip_rel_gap": gap})
    found = {"extensive form": (-value(whole.ef.EF_Obj), time.process_time() - began)}
    began = time.process_time()
    options = {
        "solver_name": SOLVER,
        "PHIterLimit": 100,
        "defaultPHrho": 1.0,
        "convthresh": gap,
        "linearize_proximal_terms": True,
        "proximal_linearization_tolerance": 1e-3,
        "iter0_solver_options": {},
        "iterk_solver_options": {},
    } | dict.fromkeys(("verbose", "display_progress", "display_timing", "toc", "smoothed", "asynchronousPH"), False)
    _, expected, _ = PH(options, names, model_of).ph_main()
    found["progressive hedging"] = (-expected, time.process_time() - began)
    return found
