"""When to act: conditions on a household, a calendar and the market, judged without a clock and without a network."""
