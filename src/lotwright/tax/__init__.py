"""What the tax law says: holding periods, netting, wash sales, the tax of a year; its numbers are dated data."""
