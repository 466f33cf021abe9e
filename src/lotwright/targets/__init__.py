"""What clients should own, computed from history: dynamic model portfolios, indices to replicate, plug-ins."""
