"""Worlds on the workers of a Dask scheduler: the same plan, also where a worker is lost on the way."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from pytest import approx
from sluicegate import load_case
from sluicegate.analysis.figures.factors import DesignError
from sluicegate.analysis.worlds import cluster as clusters
from sluicegate.analysis.worlds import draw, solve_worlds
from sluicegate.analysis.worlds.cluster import ClusterCrew
from sluicegate.model.plan.monitor import Monitor

from sluicegate_testing.clusters import cluster


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
def test_a_lost_worker_costs_only_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = load_case("tutorial")
    worlds = draw(case, 4, seed=6)
    alone = solve_worlds(case, worlds, "cvar:0.5")
    with cluster(tmp_path) as (address, workers):
        made: list[ClusterCrew] = []
        monkeypatch.setattr(
            "sluicegate.analysis.worlds.solving.ClusterCrew", lambda *given: made.append(ClusterCrew(*given)) or made[0]
        )

        class Killing(Monitor):
            """Kills a worker once the worlds are ready and the search has begun."""

            def stage(self, name: str, total: int) -> None:
                if name == "search" and workers[0].poll() is None:
                    workers[0].send_signal(signal.SIGKILL)
                    workers[0].wait(10)

        shared = solve_worlds(case, worlds, "cvar:0.5", cluster=address, monitor=Killing())
        assert made[0].losses == 1
    assert shared.value == approx(alone.value, rel=1e-9)
    assert shared.bound == approx(alone.bound, rel=1e-9)
    assert shared.status == alone.status == "optimal"
    assert shared.choices == alone.choices
    assert shared.leverages == approx(alone.leverages, rel=1e-9)


def test_no_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clusters, "CONNECT_TIMEOUT", 1.0)
    case = load_case("tutorial")
    with pytest.raises(DesignError, match="no Dask scheduler answers there"):
        solve_worlds(case, draw(case, 2), cluster="tcp://127.0.0.1:9")
