"""The command, as a script and as ``python -m lotwright``.

A worker of ``lotwright batch`` imports the module that the command was started from: the commands themselves, which it
has no use for, are imported only where one is called.
"""

from __future__ import annotations


def main() -> None:
    """Run the command that was asked for."""
    from lotwright.cli.app import main as command  # noqa: PLC0415  see above

    command()


if __name__ == "__main__":
    main()
