"""Strategies that ship with Lotwright, each named in pyproject.toml under the entry points ``lotwright.strategies``."""
