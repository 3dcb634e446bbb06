"""The mathematics: the counterpart's response, our side, and how the two are solved together."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .certify.certificate import CertificateError
    from .follower.combinations import TooManyCombinations
    from .plan.monitor import Monitor
    from .plan.plan import Plan
    from .solving import evaluate, solve

# A plan that is only read needs neither Pyomo nor HiGHS, which take long to import.
_HOMES = {
    "CertificateError": ".certify.certificate",
    "Monitor": ".plan.monitor",
    "Plan": ".plan.plan",
    "TooManyCombinations": ".follower.combinations",
    "evaluate": ".solving",
    "solve": ".solving",
}

__all__ = ["CertificateError", "Monitor", "Plan", "TooManyCombinations", "evaluate", "solve"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(_HOMES[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
