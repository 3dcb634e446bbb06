"""The mathematics: the counterpart's response, our side, and how the two are solved together."""

from .candidates import TooManyCombinations
from .monitor import Monitor
from .plan import Plan
from .solving import CertificateError, evaluate, solve

__all__ = ["CertificateError", "Monitor", "Plan", "TooManyCombinations", "evaluate", "solve"]
