"""Ways to find and prove the best plan."""

from .. import startup as startup  # before scipy
