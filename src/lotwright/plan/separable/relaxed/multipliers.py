"""What the multipliers of one household charge each of its holdings and accounts.

Full multipliers are those of factors (by accounts), of accounts' cash, of every line of the tax and of every row, one after
the other; the lines' weights add up to one.
"""

from __future__ import annotations

from lotwright.plan.separable.jit import kernel


@kernel
def sizes_of(part):
    """(accounts, multipliers of factors, tax lines, rows) of one household."""
    accounts = part["account_stop"] - part["account"]
    return accounts, accounts * part["factors"], part["line_stop"] - part["line"], part["row_stop"] - part["row"]


@kernel
def prices_of_gain(C, part, z):
    """Prices of a unit of short and of long gain at full multipliers z, and the constants of tax lines and rows."""
    A, DU, P, R = sizes_of(part)
    mu_s = 0.0
    mu_l = 0.0
    total = 0.0
    for i in range(P):
        weight = z[DU + A + i]
        line = C.line[part["line"] + i]
        mu_s += weight * line[0]
        mu_l += weight * line[1]
        total += weight * (line[0] * part["short"] + line[1] * part["long"] + line[2])
    for r in range(R):
        rho = z[DU + A + P + r]
        row = part["row"] + r
        mu_s += rho * C.row_gain[row, 0]
        mu_l += rho * C.row_gain[row, 1]
        total -= rho * C.row_right[row]
    return mu_s, mu_l, total


@kernel
def slopes(C, part, z, sigma):
    """Fill sigma with the slope of every holding at full multipliers z."""
    A, DU, P, R = sizes_of(part)
    n = part["holdings"]
    width = part["width"]
    sigma[:] = 0.0
    if part["plain"] == 1:
        for k in range(width):
            price = z[k]
            column = C.across[part["load"] + k * n : part["load"] + (k + 1) * n]
            for here in range(n):
                sigma[here] += price * column[here]
    else:
        for here in range(n):
            first = part["load"] + here * width
            for k in range(width):
                sigma[here] += z[C.at[first + k]] * C.load[first + k]
    for r in range(R):
        rho = z[DU + A + P + r]
        if rho != 0.0 and C.row_trades[part["row"] + r]:
            column = C.coefficient[part["coefficient"] + r * n : part["coefficient"] + (r + 1) * n]
            for here in range(n):
                sigma[here] += rho * column[here]


@kernel
def before_trade(C, part, exposure):
    """Fill exposure with every factor's before trading; returns the specific risk before trading, bp."""
    total = 0.0
    exposure[:] = 0.0
    for here in range(part["holdings"]):
        e = C.holding[part["holding"] + here]["active"]
        total += C.holding[part["holding"] + here]["specific"] * e * e
        first = part["load"] + here * part["width"]
        for k in range(part["width"]):
            exposure[C.at[first + k]] += C.load[first + k] * e
    return total


@kernel
def cash_level(account, nu):
    """Cash an account would end with at the price nu, and what that costs: (level, cost); at the kink, the target."""
    if account["floor"] >= account["target"]:
        return account["floor"], account["idle"] * (account["floor"] - account["target"])
    if nu > account["shortfall"]:
        return account["floor"], account["shortfall"] * (account["target"] - account["floor"])
    return account["target"], 0.0
