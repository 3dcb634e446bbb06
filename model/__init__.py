"""The mathematics: the counterpart's response, our side, and how the two are solved together."""

from .candidates import TooManyCombinations
from .monitor import Monitor
from .plan import Plan
from .planning import CertificateError
from .solving import evaluate, solve

__all__ = ["CertificateError", "Monitor", "Plan", "TooManyCombinations", "evaluate", "solve"]
