"""What if the machine goes down in the middle of the night?

python examples/31_stop_and_go_on.py

Twelve households are planned; after the first few are done the run stops. Going on plans the others, and only them.
"""

import tempfile
from pathlib import Path

from lotwright.errors import LotwrightError
from lotwright.files.run.folder import RunFolder
from lotwright.files.run.prepare import Asked
from lotwright.files.run.run import Run
from lotwright.files.run.workers import Running, workers

FIRST = Path(__file__).parent / "books" / "first_steps"


def twelve(folder: Path) -> Path:
    """The first book, its household a dozen times."""
    folder.mkdir()
    for file in FIRST.glob("*.csv"):
        head, *rows = file.read_text().splitlines()
        if file.stem in ("accounts", "lots"):
            rows = [
                row.replace("LEE", f"LEE{number:02d}").replace("SAVINGS", f"S{number:02d}")
                for number in range(12)
                for row in rows
            ]
        (folder / file.name).write_text("\n".join([head, *rows]) + "\n")
    return folder


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        book, out = twelve(Path(scratch) / "book"), Path(scratch) / "run"
        out.mkdir()
        done: set[int] = set()
        run = Run(Asked(book=book), RunFolder(out), resume=False)
        running = Running(workers=1, units=2)
        with workers(running, out, limit=None) as engine:
            for finished in run.work(engine, running, is_stopping=done.__len__):
                done |= finished.covered
        print(f"stopped with {len(done)} of 12 done")

        run = Run(Asked(book=book), RunFolder(out), resume=True)
        print(f"going on with {run.left}")
        with workers(running, out, limit=None) as engine:
            again = {unit for finished in run.work(engine, running) for unit in finished.covered}
        print(f"planned twice: {len(done & again)}; done in all: {len(done | again)}")

        (book / "prices.csv").write_text((book / "prices.csv").read_text() + "\n")
        try:
            Run(Asked(book=book), RunFolder(out), resume=True)
        except LotwrightError as error:
            print(str(error).replace(str(out), "RUN"))
