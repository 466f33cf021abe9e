"""A broker to try everything with and no account: exchange, ledger and rules in memory, served over HTTP or in process.

What Alpaca does where it documents it, and the stricter reading where it does not. The exchange knows no clock: every
call says what time it is, so that the same calls give the same fills.
"""
