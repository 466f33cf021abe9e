"""The time of the workers is told whole: whatever the answers say, the parts sum to workers times wall."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lotwright.files.run.times import AT_WORK, Times


def answer(worker: str, *seconds: float) -> dict[str, object]:
    return {"worker": worker, "seconds": dict(zip(AT_WORK, seconds, strict=True))}


def test_what_lies_before_between_and_behind_the_chunks_has_a_name() -> None:
    now = [100.0]
    times = Times(workers=2, clock=lambda: now[0])
    now[0] = 106.0
    times.take(answer("a", 0.5, 0.25, 2.0, 0.25, 0.0))  # from 103 to 106
    now[0] = 110.0
    times.take(answer("a", 0.0, 0.0, 3.0, 0.0, 0.0))  # from 107 to 110
    times.take(answer("b", 0.0, 0.0, 5.0, 0.0, 0.0))  # from 105 to 110
    times.take({"alone": True})  # made by the coordinator: no worker's time
    now[0] = 111.0
    said = times.to_json()
    assert said == {
        "reading": 0.5,
        "posing": 0.25,
        "solving": 10.0,
        "verifying": 0.25,
        "writing": 0.0,
        "sending": 1.0,
        "start_up": 3.0 + 5.0,
        "idle": 2.0,
        "workers": 22.0,
        "wall": 11.0,
    }


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.floats(0.1, 9.0), st.floats(0.0, 1.0)), max_size=12),
    st.integers(3, 6),
)
def test_the_parts_sum_to_the_workers_wall(chunks: list[tuple[str, float, float]], workers: int) -> None:
    now, free = 0.0, dict.fromkeys("abc", 1.0)
    clock = [0.0]
    times = Times(workers=workers, clock=lambda: clock[0])
    for worker, gap, share in chunks:
        busy = share * gap
        now = max(now, free[worker]) + gap  # one worker does one thing at a time
        free[worker] = clock[0] = now
        times.take(answer(worker, 0.0, 0.0, busy, 0.0, 0.0))
    clock[0] = now + 0.5
    said = times.to_json()
    assert said["workers"] == pytest.approx(workers * said["wall"], abs=0.02)
    assert min(said.values()) >= -0.001
