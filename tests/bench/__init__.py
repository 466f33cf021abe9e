"""Benchmarks: each prints one table and asserts nothing; pytest collects none of them.

    python -m tests.bench.households BOOK      how good and how fast, by kind of model and account value
    python -m tests.bench.baselines BOOK       against cvxpy, rules and a genetic algorithm, same accounts, same prices
    python -m tests.bench.convex BOOK          the convex problem behind a plan, against cvxpy and solvers on matrices
    python -m tests.bench.costs BOOK           what exact netting, FIFO and whole shares cost
    python -m tests.bench.risk                 tracking error predicted against realised, model by model, on real history
    python -m tests.bench.store                what remembering 10,000 plans costs, SQLite against PostgreSQL

Run from the root of the checkout, on an otherwise idle machine. Importing this package says, before anything imports
numpy, that linear algebra has one thread and that the kernels are compiled: times are those of one core.
"""

from __future__ import annotations

import os

for _name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"
os.environ["LOTWRIGHT_KERNELS"] = "compiled"
