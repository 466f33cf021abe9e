"""The words the verifier's tests are written in, and the one household they all start from.

The household: a taxable account and an IRA on 2020-06-15. Every figure a test expects is worked out by hand from the
prices and lots below; nothing here is computed by the code under test.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

import numpy as np

from lotwright.book.holdings import Account, Household, Lot, Transaction
from lotwright.book.kinds import AccountKind, Action, Character, Side
from lotwright.book.market import Market, ModelPortfolio, Price, Target
from lotwright.book.trades import LotSale, Trade
from lotwright.plan.result import Check
from lotwright.plan.terms import RiskNumbers, Terms
from lotwright.plan.verify import Verification, verify

AS_OF = date(2020, 6, 15)
CENT = Decimal("0.01")


def number(text: str | int | Decimal) -> Decimal:
    """``number("1.50")``: short for Decimal."""
    return Decimal(text)


def price(symbol: str, dollars: str, *, sector: str | None = None, half_spread: str | None = None) -> Price:
    """One row of the prices table."""
    spread = None if half_spread is None else number(half_spread)
    return Price(symbol=symbol, price=number(dollars), as_of=AS_OF, sector=sector, half_spread=spread)


def model(name: str, **weights: str) -> ModelPortfolio:
    """A model portfolio: ``model("core", AAPL="0.5", BND="0.5")``."""
    targets = tuple(Target(symbol=symbol, weight=number(weight)) for symbol, weight in weights.items())
    return ModelPortfolio(name=name, targets=targets)


PRICES = (
    price("AAPL", "100", sector="Technology"),
    price("MSFT", "50", sector="Technology"),
    price("XOM", "40", sector="Energy"),
    price("BND", "80"),
    price("VOO", "300"),
    price("IVV", "301"),
    price("GOLD", "25"),
)

MARKET = Market(
    as_of=AS_OF,
    prices={row.symbol: row for row in PRICES},
    models={
        "core": model("core", AAPL="0.5", MSFT="0.3", XOM="0.2"),
        "index": model("index", VOO="0.6", BND="0.4"),
    },
    identical={"VOO": "SP500", "IVV": "SP500"},
    substitutes={"XOM": ("GOLD",), "VOO": ("IVV",)},
)

RISK = RiskNumbers(
    symbols=tuple(sorted(MARKET.prices)),
    exposure=np.zeros((len(PRICES), 1)),
    specific=np.full(len(PRICES), 0.04),
)

FREE = Terms()
"""A program without costs that has every limit."""


def day(text: str) -> date:
    """``day("2020-06-15")``."""
    return date.fromisoformat(text)


def lot(
    symbol: str,
    name: str,
    quantity: str | int,
    basis: str | int,
    *,
    acquired: str = "2018-01-02",
    account: str = "tax",
    purchase: str | None = None,
    held_since: str | None = None,
) -> Lot:
    return Lot(
        account=account,
        symbol=symbol,
        lot=name,
        quantity=number(quantity),
        acquired=day(acquired),
        basis=number(basis),
        holding_start=day(held_since or acquired),
        purchase=purchase,
    )


def transaction(
    symbol: str,
    action: Action,
    quantity: str | int,
    when: str,
    *,
    account: str = "tax",
    gain: str | None = None,
    purchase: str | None = None,
) -> Transaction:
    """A past buy, sale or reinvestment; what it was worth does not matter here."""
    return Transaction(
        account=account,
        date=day(when),
        symbol=symbol,
        action=action,
        quantity=number(quantity),
        price=number(1),
        realised_gain=None if gain is None else number(gain),
        purchase=purchase,
    )


def account(name: str = "tax", *lots: Lot, kind: AccountKind = AccountKind.TAXABLE, **facts: object) -> Account:
    """An account of the household: model core, $1,000 in cash, rates 40 % and 20 %, unless ``facts`` say otherwise."""
    plain = Account(
        account=name,
        household="home",
        kind=kind,
        model="core",
        cash=number(1000),
        short_term_rate=number("0.4"),
        long_term_rate=number("0.2"),
        lots=tuple(replace(each, account=name) for each in lots),
    )
    return replace(plain, **facts)  # type: ignore[arg-type]


def ira(*lots: Lot, **facts: object) -> Account:
    """The household's IRA."""
    return account("ira", *lots, kind=AccountKind.IRA, **facts)


def home(*accounts: Account) -> Household:
    """A household of these accounts."""
    return Household(household="home", accounts=accounts)


def buy(symbol: str, quantity: str | int, *, account: str = "tax", at: str | None = None) -> Trade:
    """A buy at the book's price, its value to the cent."""
    dollars = MARKET.prices[symbol].price if at is None else number(at)
    return Trade(
        account=account,
        symbol=symbol,
        side=Side.BUY,
        quantity=number(quantity),
        price=dollars,
        value=(number(quantity) * dollars).quantize(CENT),
    )


def piece(
    name: str,
    quantity: str | int,
    *,
    basis: str,
    proceeds: str,
    acquired: str = "2018-01-02",
    character: Character = Character.LONG,
) -> LotSale:
    """What a sale states about one lot: basis and proceeds in cents, the gain their difference."""
    return LotSale(
        lot=name,
        acquired=day(acquired),
        quantity=number(quantity),
        basis=number(basis),
        proceeds=number(proceeds),
        gain=number(proceeds) - number(basis),
        character=character,
    )


def sell(symbol: str, *pieces: LotSale, account: str = "tax", price: str | None = None) -> Trade:
    """A sale of ``pieces`` at the book's price."""
    dollars = MARKET.prices[symbol].price if price is None else number(price)
    quantity = sum((each.quantity for each in pieces), number(0))
    return Trade(
        account=account,
        symbol=symbol,
        side=Side.SELL,
        quantity=quantity,
        price=dollars,
        value=(quantity * dollars).quantize(CENT),
        lots=pieces,
    )


def check_of(
    trades: Iterable[Trade],
    *accounts: Account,
    terms: Terms = FREE,
    market: Market = MARKET,
    risk: RiskNumbers = RISK,
) -> Verification:
    """Carry the trades out on a household of these accounts."""
    return verify(tuple(trades), home(*accounts), market, terms=terms, risk=risk)


def only_failure(verification: Verification) -> Check:
    """The one check that failed; the test is wrong if another failed beside it."""
    assert len(verification.failed) == 1, [(check.name, check.text) for check in verification.failed]
    return verification.failed[0]


def names(checks: Sequence[Check]) -> list[str]:
    """Names of checks in their order."""
    return [check.name for check in checks]


APPLES = lot("AAPL", "A1", 10, 800)
"""Ten shares at $100 that cost $80 each: a long-term gain of $200."""
LOSERS = lot("MSFT", "M1", 20, 1200)
"""Twenty shares at $50 that cost $60 each: a long-term loss of $200."""


def sell_apples(quantity: int = 4) -> Trade:
    """Some of the ten, at $80 a share of basis."""
    return sell("AAPL", piece("A1", quantity, basis=f"{80 * quantity}.00", proceeds=f"{100 * quantity}.00"))


def sell_losers(quantity: int = 5) -> Trade:
    """Some of the twenty, at $60 a share of basis."""
    return sell("MSFT", piece("M1", quantity, basis=f"{60 * quantity}.00", proceeds=f"{50 * quantity}.00"))


def test_a_sound_trade_list_passes_every_check() -> None:
    found = check_of([sell_apples(), buy("XOM", 10)], account("tax", APPLES, LOSERS))
    assert found.ok
    assert found.failed == ()
    assert all(check.text.endswith(".") for check in found.checks)


def test_every_rule_has_its_check_in_a_fixed_order() -> None:
    found = check_of([], account(), terms=replace(FREE, minimum_ticket=number(1)))
    assert names(found.checks) == [
        "trades", "prices", "lots", "relief", "gains", "character",
        "whole_shares", "minimum_ticket", "cash", "holdings", "restrictions", "wash_sale",
    ]  # fmt: skip


def test_a_limit_the_program_lacks_is_not_checked() -> None:
    bare = Terms(cash=False, holdings=False, whole_shares=False, wash_sale=False, restrictions=False)
    assert names(check_of([], account(), terms=bare).checks) == [
        "trades",
        "prices",
        "lots",
        "relief",
        "gains",
        "character",
    ]
