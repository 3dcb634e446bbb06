"""The mathematics: the counterpart's response, our side, and how the two are solved together."""

from .monitor import Monitor
from .plan import Plan
from .solving import CertificateError, TooManyCombinations, evaluate, solve

__all__ = ["CertificateError", "Monitor", "Plan", "TooManyCombinations", "evaluate", "solve"]
