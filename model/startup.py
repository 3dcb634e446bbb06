"""What has to happen before scipy and Pyomo are imported, for the sake of a quick start."""

from __future__ import annotations

from pyomo.common import dependencies


def _forget_scipy_stats() -> None:
    """Keep the first import of any part of scipy from importing scipy.stats.

    Pyomo hooks into imports so that the parts of scipy that it may use are there; that takes a fifth of the time of a small
    solve. scipy imports them by itself when they are used.
    """
    hooks = getattr(dependencies.DeferredImportCallbackFinder, "_callbacks", {})
    for deferred in hooks.pop("scipy", []):
        deferred._callback = None


_forget_scipy_stats()
