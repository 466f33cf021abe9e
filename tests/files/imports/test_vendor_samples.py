"""Files that people published of what custodians sent them (../shared/data/broker_samples, not part of the project)."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Call, rows

S = "schwab"
NEW = ["--kind", "taxable", "--model", "RIVERA_CORE"]
CASES = {
    "schwab, positions and lots": (
        ["schwab", "schwab/positions_2020_2020-09-25.csv", "schwab/lots/FNDA_2020-09-25.csv", "schwab/lots/SCHA_2020-09-25.csv", *NEW], 0,
        [("FNDA", "1", "2020-08-24", "34.89"), ("SCHA", "10", "2020-08-24", "713.50"), ("SCHA", "20", "2020-09-24", "1451.20")],
    ),
    "schwab, positions and transactions": (
        ["schwab", "schwab/positions_2020_2020-08-25.csv", "schwab/transactions_2020_Intelligent.csv", *NEW, "--as-of", "2020-08-25"], 2, [],
    ),
    "schwab, the whole history of an account with splits": (
        ["schwab", "schwab/transactions_2020_Intelligent.csv", *NEW, "--whole-history", "--cash", "0"], 0,
        # 30 SCHA bought, 19.5 sold; 20 HYLB doubled; 10 IAU halved; FNDA all sold
        [("HYLB", "16", "2020-08-30", "160.00"), ("HYLB", "24", "2020-08-31", "120.00"), ("IAU", "5", "2020-09-24", "100.00"),
         ("SCHA", "10.5", "2020-09-24", "761.88")],
    ),
    "schwab, all accounts": (
        ["schwab", "schwab/positions_2020_all_accounts.csv", *NEW, "--missing-acquired", "2016-01-04"], 1,
        [("FNDA", "100", "2016-01-04", "3000.00"), ("SCHA", "100", "2016-01-04", "7000.00")],
    ),
    "schwab, year 2026": (
        ["schwab", "schwab/positions_2026_joint.csv", "schwab/realized_gainloss_details_2026_joint.csv", "schwab/transactions_2026_joint.csv",
         "--model", "RIVERA_CORE", "--missing-acquired", "2016-01-04"], 0,
        [("AMD", "16", "2016-01-04", "3073.28"), ("GOOG", "201.6059", "2016-01-04", "11011.86")],
    ),
    "schwab, a bank account": (["schwab", "schwab/transactions_EAC.csv", *NEW], 2, []),
    "fidelity, positions": (
        ["fidelity", "fidelity/portfolio_positions_2026.csv", *NEW, "--as-of", "2026-05-03", "--missing-acquired", "2020-01-02"], 0,
        [("AAPL", "25", "2020-01-02", "5250.00"), ("VOO", "18", "2020-01-02", "8220.00")],
    ),
    "fidelity, a history without trades": (["fidelity", "fidelity/history_for_account_cma.csv", *NEW, "--account", "CMA", "--cash", "1"], 2, []),
    "ibkr, a short position, an option and a currency": (["ibkr", "ibkr/flex_activity_composite.xml", *NEW], 1, []),
    "vanguard, united kingdom": (
        ["vanguard", "vanguard/uk_cash_investment_report.csv", *NEW, "--account", "BOB", "--as-of", "2022-12-30"], 1,
        [("BAR", "293", "2022-05-29", "29845.42"), ("FOO", "1550", "2022-03-10", "14982.06")],  # 29,947.28 x 293 / 294
    ),
    "morgan stanley, releases": (
        ["morgan-stanley", "morgan_stanley/releases_report.csv", *NEW, "--account", "RSU", "--as-of", "2023-12-29", "--cash", "0",
         "--symbol", "GSU Class C=GOOG"], 0,
        [("GOOG", "212", "2021-03-25", "21677.00"), ("GOOG", "21.201", "2023-03-25", "2578.88964")],
    ),
    "morgan stanley, sales before a split": (
        ["morgan-stanley", "morgan_stanley/releases_report.csv", "morgan_stanley/withdrawals_report.csv", *NEW, "--account", "RSU",
         "--as-of", "2023-12-29", "--cash", "0", "--symbol", "GSU Class C=GOOG"], 2, [],
    ),
    "ofx, e*trade": (["ofx", "ofx/etrade_09092023.qfx", *NEW], 2, []),
    "ofx, fidelity": (
        ["ofx", "ofx/fidelity.ofx", *NEW, "--missing-acquired", "2010-01-04", "--missing-basis", "zero"], 0,
        [("CLCT", "69", "2012-07-31", "1006.37"), ("CLCT", "1.573", "2012-08-31", "22.43"), ("HI", "115", "2012-07-27", "1991.70"),
         ("INTC", "100", "2012-07-20", "2571.45"), ("INTC", "0.911", "2012-09-01", "22.50"), ("RHT", "50", "2010-01-04", "0.00"),
         ("SDRL", "128", "2012-07-27", "5049.99"), ("XIN", "386", "2012-07-31", "1007.19"), ("XIN", "4.909", "2012-08-20", "14.47")],
    ),
    "ofx, td ameritrade": (
        ["ofx", "ofx/td_ameritrade.ofx", *NEW, "--missing-acquired", "2010-01-04", "--missing-basis", "price"], 1,
        [("AMZN", "1", "2010-01-04", "1000.00")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_a_published_file(shared: Path, call: Call, tmp_path: Path, name: str) -> None:
    words, status, lots = CASES[name]
    folder, book = shared / "data" / "broker_samples", tmp_path / "book"
    done = call("import", *(folder / word if "/" in word else word for word in words), "--book", book)
    assert done.status == status, (done.text, done.report.get("findings"))
    found = (
        [tuple(row[c] for c in ("symbol", "quantity", "acquired", "basis")) for row in rows(book, "lots")]
        if lots
        else []
    )
    assert sorted(found) == sorted(lots)
    again = call("import", *(folder / word if "/" in word else word for word in words), "--book", book)
    assert {each["status"] for each in again.report.get("accounts", ())} <= {"unchanged", "refused"}
    assert book.exists() == (status != 2)  # nothing imported leaves nothing behind
