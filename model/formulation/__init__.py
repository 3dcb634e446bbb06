"""The Pyomo models, one function per constraint family (model.md sections 3 to 6)."""

from .. import startup as startup  # before scipy
