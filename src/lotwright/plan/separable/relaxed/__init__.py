"""The relaxation of many households at once: divisible shares, no orders to count, lots in any order; by its dual alone.

Problem: the relaxation is a convex program of thousands of lots, but only factors, cash, tax lines and rows couple them.
Observations: at given multipliers each holding is solved by one walk through its lots in the order of what they cost; the
dual is concave and piecewise quadratic in a dozen multipliers, its curvature a sum of rank-one terms, one for each holding
that answers to prices. Only lots that cost exactly the same (a short-term and a long-term one, or a loss that just pays
the spread of selling and buying back) make it kinked where its best point often lies.
Therefore: a semismooth Newton ascent whose step is exact in the multipliers that have limits (an active set in the handful of
cash, tax and row prices) and whose curvature is kept from step to step; where that stalls on a kink, the method of
multipliers on the lots, each round of which is a smooth ascent of the same kind. Rigour does not hang on any of it: the bound
is the dual at the multipliers found, and a gap is computed against a trade list at every step.

Money is a fraction of household value, costs are basis points, as in :mod:`..problem`; here trades are fractions, too.
"""
