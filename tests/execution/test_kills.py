"""SIGKILL anywhere, two executors at once: real processes over HTTP, judged from the stand-in's own ledger.

Every process is forked from one that has imported everything, so that hundreds of deaths take minutes.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lotwright.execution.standin.server import Server
from tests.execution import victim
from tests.execution.world import KEY, TRADES, World

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.execution.victim"])
RECORDS = 20
"""Records a clean run writes: more than the last boundary; beyond it nothing dies."""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[tuple[World, str]]:
    """The small world with a running clock, served over HTTP; fills come in two parts."""
    world = World(tmp_path / "state")
    world.house.time._speed = 1.0
    world.do("manner", symbol="*", parts=[[0.05, 0.4], [0.15, 0.6]])
    with Server(world.house) as server:
        yield world, server.url


def start(url: str, folder: Path, place: str = "", number: int = 0) -> Any:
    process = FORKS.Process(target=victim.main, args=(url, str(folder), place, number))
    process.start()
    return process


def ended(process: Any) -> int:
    process.join(60)
    assert process.exitcode is not None, "the executor hangs"
    return process.exitcode


def survives(world: World, url: str, place: str, number: int) -> bool:
    """Kill one process at a boundary, run the same command again; True when it was reached at all."""
    died = ended(start(url, world.folder, place, number)) == -signal.SIGKILL
    world.never_more_than()
    assert ended(start(url, world.folder)) == 0
    world.is_exact()
    assert len(world.exchange.orders) == len(TRADES)
    return died


@pytest.mark.parametrize(
    ("place", "number"), [("before", 3), ("torn", 4), ("after", 5), ("send", 1), ("sent", 1), ("sent", 3), ("torn", 13)]
)
def test_killed_at_a_boundary_of_the_journal_it_goes_on_exactly(world: tuple[World, str], place: str, number: int):
    assert survives(*world, place, number)


def test_two_executors_at_once_with_a_folder_each_place_every_order_once(world: tuple[World, str], tmp_path: Path):
    at, url = world
    processes = [start(url, tmp_path / name) for name in ("one", "two")]
    assert [ended(process) for process in processes] == [0, 0]
    at.is_exact()
    assert len(at.exchange.orders) == len(TRADES)


def test_two_executors_at_once_with_one_folder(world: tuple[World, str]):
    at, url = world
    processes = [start(url, at.folder) for _ in range(2)]
    codes = sorted(ended(process) for process in processes)
    assert codes[0] == 0
    at.is_exact()
    assert len(at.exchange.orders) == len(TRADES)


@pytest.mark.campaign
@pytest.mark.parametrize("place", victim.PLACES)
def test_killed_at_every_boundary(world: tuple[World, str], tmp_path: Path, place: str):
    killed = 0
    for number in range(1, RECORDS * 2):
        at = World(tmp_path / f"{place}{number}")
        at.house.time._speed = 1.0
        at.do("manner", symbol="*", parts=[[0.05, 0.4], [0.15, 0.6]])
        with Server(at.house) as server:
            if not survives(at, server.url, place, number):
                break
        killed += 1
    print(f"\n{place}: {killed} boundaries, {killed} kills survived, {killed * len(TRADES)} orders, 0 twice, 0 lost")
    assert killed >= len(TRADES)


def killed_at_random(folder: Path, kills: int) -> tuple[int, int, int]:
    """Kill executors at random moments until so many have died, each plan being completed; kills, plans, orders."""
    die, killed, plans, orders = random.Random(8), 0, 0, 0
    while killed < kills:
        at = World(folder / f"state{plans}")
        at.house.time._speed = 1.0
        at.do("manner", symbol="*", parts=[[0.05, 0.4], [0.15, 0.6]])
        with Server(at.house) as server:
            for _ in range(20):
                process = start(server.url, at.folder)
                process.join(die.uniform(0.02, 0.9))
                if process.exitcode is None:
                    os.kill(process.pid, signal.SIGKILL)
                process.join()
                killed += process.exitcode == -signal.SIGKILL
                at.never_more_than()
                if process.exitcode == 0 or killed == kills:
                    break
            assert ended(start(server.url, at.folder)) == 0
        at.is_exact()
        assert len(at.exchange.orders) == len(TRADES)
        plans, orders = plans + 1, orders + len(at.exchange.orders)
    return killed, plans, orders


def test_killed_at_random_moments(tmp_path: Path):
    assert killed_at_random(tmp_path, 4)[0] == 4


@pytest.mark.campaign
def test_killed_at_two_hundred_random_moments(tmp_path: Path):
    kills, plans, orders = killed_at_random(tmp_path, 200)
    print(f"\n{kills} kills at random moments over {plans} plans survived, {orders} orders, 0 twice, 0 lost")
    assert kills == 200


@pytest.mark.campaign
def test_two_executors_at_once_fifty_times(tmp_path: Path):
    for number in range(50):
        at = World(tmp_path / f"state{number}")
        at.house.time._speed = 1.0
        at.do("manner", symbol="*", parts=[[0.05, 0.4], [0.15, 0.6]])
        with Server(at.house) as server:
            processes = [start(server.url, tmp_path / f"{number}-{each}") for each in range(2)]
            time.sleep(0)
            assert [ended(process) for process in processes] == [0, 0]
        at.is_exact()
        assert len(at.exchange.orders) == len(TRADES), KEY
    print("\n50 plans, two executors each, 200 orders, 0 twice, 0 lost")
