"""Where tests find the oracle, the random cases and the evidence, how hypothesis runs them, that Ctrl-C is heard."""

import os
import signal
import sys
import threading
from pathlib import Path

from hypothesis import HealthCheck, settings

sys.path.insert(0, str(Path(__file__).parent))
sys.path.append(str(Path(__file__).parent.parent))

# Started in the background, a run ignores Ctrl-C, under nohup the end of the terminal, and so would commands that tests interrupt.
if threading.current_thread() is threading.main_thread():
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if hasattr(signal, "SIGHUP"):
        signal.signal(signal.SIGHUP, signal.SIG_DFL)

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]

# The same cases in every run, so that a failure is the fault of a change and not of luck; `soak` draws new ones.
settings.register_profile("ci", deadline=None, derandomize=True, print_blob=True, suppress_health_check=SLOW)
settings.register_profile("soak", deadline=None, max_examples=1000, print_blob=True, suppress_health_check=SLOW)
settings.load_profile(os.environ.get("SLUICEGATE_HYPOTHESIS", "ci"))
