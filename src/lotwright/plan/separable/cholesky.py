"""Small dense systems, solved in place: the kernels' own Cholesky factorisation (no BLAS, the same to the bit everywhere)."""

from __future__ import annotations

import numpy as np

from lotwright.plan.separable.jit import kernel


@kernel
def factorise(H):
    """Replace the lower triangle of a symmetric positive definite matrix by its Cholesky factor."""
    factorise_first(H, H.shape[0])


@kernel
def factorise_first(H, D):
    """Replace the first D rows of the lower triangle by those of the Cholesky factor."""
    for i in range(D):
        for k in range(i + 1):
            total = H[i, k]
            for l in range(k):
                total -= H[i, l] * H[k, l]
            if i == k:
                H[i, i] = np.sqrt(max(total, 1e-300))
            else:
                H[i, k] = total / H[k, k]


@kernel
def cholesky_solve(H, b, D):
    """Solve H v = b in place for symmetric positive definite H (D by D); H is overwritten by its factor."""
    factorise(H)
    substitute(H, b, D)


@kernel
def substitute(H, b, D):
    """Forward and back substitution with a Cholesky factor."""
    forward(H, b, D)
    backward(H, b, D)


@kernel
def forward(H, b, D):
    """Solve L v = b in place, L the Cholesky factor in the lower triangle of H."""
    for i in range(D):
        total = b[i]
        for l in range(i):
            total -= H[i, l] * b[l]
        b[i] = total / H[i, i]


@kernel
def backward(H, b, D):
    """Solve L' v = b in place, L the Cholesky factor in the lower triangle of H."""
    for i in range(D - 1, -1, -1):
        total = b[i]
        for l in range(i + 1, D):
            total -= H[l, i] * b[l]
        b[i] = total / H[i, i]
