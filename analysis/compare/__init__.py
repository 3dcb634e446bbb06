"""Plans side by side, and which difference explains how much."""
