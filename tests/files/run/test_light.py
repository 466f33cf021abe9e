"""A run starts light: neither who hands out the work nor who does it imports what takes half a second and is not used."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
from pyarrow import csv

BOOK = Path(__file__).parents[3] / "examples" / "books" / "first_steps"

RUN = """
import sys
from pathlib import Path

from lotwright.files.run.chunks import chunks
from lotwright.files.run.folder import RunFolder
from lotwright.files.run.prepare import Asked, prepare
from lotwright.files.run.work import prepare_worker, setup_bytes, work
from lotwright.plan.separable.tree import Effort

book, scratch = Path(sys.argv[1]), Path(sys.argv[2])
folder = RunFolder(scratch / "run")
prepared = prepare(Asked(book=book, effort=Effort(nodes=1)), folder.scratch("parts"))
folder.begin({})
ready = prepare_worker(setup_bytes(prepared.setup, hang_seconds=600.0))
for chunk in chunks(prepared.parts, prepared.setup, done={}):
    answer = work(ready, chunk.payload(alone=True))
    folder.keep(chunk.covered(answer)[0], answer, prepared.parts)
assert sum(table.num_rows for table in folder.finished("plans", ["household"]))
print(*sorted({"pandas", "scipy", "cvxpy"} & set(sys.modules)))
"""


def test_planning_a_book_imports_neither_pandas_nor_scipy_nor_cvxpy(tmp_path: Path) -> None:
    """pyarrow imports pandas by itself, and without a word, as soon as an array is made of Python objects.

    Plain kernels: numba, which compiles the others, imports scipy.
    """
    book = tmp_path / "book"
    shutil.copytree(BOOK, book)
    pq.write_table(csv.read_csv(book / "lots.csv"), book / "lots.parquet")
    (book / "lots.csv").unlink()
    done = subprocess.run(
        [sys.executable, "-c", RUN, str(book), str(tmp_path)],
        env={**os.environ, "LOTWRIGHT_KERNELS": "plain"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == []
