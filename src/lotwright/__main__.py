"""``python -m lotwright``: the command, for when its script is not on the path."""

from __future__ import annotations

from lotwright.cli.app import main

if __name__ == "__main__":
    main()
