"""What is remembered: runs, plans, approvals, orders, fills, locks and the audit chain."""

from lotwright.store.store import Store

__all__ = ["Store"]
