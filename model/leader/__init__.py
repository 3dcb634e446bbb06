"""Our side for given policies: its best plan, the cuts it gives, its operations worked out alone."""

from .. import startup as startup  # before scipy
