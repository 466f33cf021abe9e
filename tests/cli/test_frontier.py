"""``lotwright frontier`` and ``lotwright transition`` as a user calls them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from lotwright.cli.app import app
from lotwright.cli.frontier_picture import HEIGHT, WIDTH, _Axis, digits_of
from lotwright.errors import PlanError

QUICK = ["--gap-bp", "2", "--time-limit", "5"]
SVG = "{http://www.w3.org/2000/svg}"


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments))


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("frontier")
    book = str(Path(__file__).resolve().parents[2] / "examples" / "books" / "first_steps")
    done = run(
        "frontier", book, "--points", "6", "--json", str(folder / "f.json"), "--svg", str(folder / "f.svg"), *QUICK
    )
    assert done.exit_code == 0, done.output
    (folder / "out.txt").write_text(done.stdout, encoding="utf-8")
    return folder


def test_the_table_has_a_line_for_each_point(written: Path) -> None:
    lines = (written / "out.txt").read_text(encoding="utf-8").splitlines()
    assert sum("passed" in line for line in lines) == 6
    assert any(line.startswith("do nothing") for line in lines)
    assert any(line.startswith("sell everything") for line in lines)


def test_the_json_carries_whole_plans(written: Path) -> None:
    document = json.loads((written / "f.json").read_text(encoding="utf-8"))
    assert document["schema"] == "lotwright.frontier/1"
    assert len(document["points"]) == 6
    for point in document["points"]:
        assert point["plan"]["schema"] == "lotwright.plan/1"
        assert point["least_tracking_error"] <= point["tracking_error"]
    assert all(point["plan"]["objective"]["gap"] >= 0 for point in document["points"][1:])


def test_the_picture_is_svg_whose_dots_and_words_stay_inside(written: Path) -> None:
    root = ET.parse(written / "f.svg").getroot()
    dots = root.findall(f".//{SVG}circle")
    assert len(dots) == 6
    for dot in dots:
        assert 0 < float(dot.attrib["cx"]) < WIDTH
        assert 0 < float(dot.attrib["cy"]) < HEIGHT
    words = [text.text or "" for text in root.findall(f".//{SVG}text")]
    assert {"do nothing", "sell everything", "Tracking error a year"} <= set(words)
    assert any(word.startswith("$") for word in words)


@pytest.mark.parametrize("figures", [[0.0, 0.0], [-13.31, 156.66], [0, 4.5e6], [0.00011, 0.0265], [-5.0, -4.999]])
def test_axes_have_round_marks_around_all_figures(figures: list[float]) -> None:
    axis = _Axis.over(figures, start=0.0, stop=100.0)
    assert 2 <= len(axis.marks) <= 12
    assert axis.marks[0] <= min(figures) + 1e-9
    assert axis.marks[-1] >= max(figures) - 1e-9
    assert axis.at(axis.marks[-1]) == pytest.approx(100.0)


def test_a_transition_is_a_line_a_year(tmp_path: Path, root: Path) -> None:
    book, path = str(root / "examples" / "books" / "first_steps"), tmp_path / "t.json"
    done = run("transition", book, "--years", "2", "--budget", "300", "--json", str(path), *QUICK)
    assert done.exit_code == 0, done.output
    assert "all at once" in done.stdout
    document = json.loads(path.read_text(encoding="utf-8"))
    assert document["budget"] == 300
    assert [stage["as_of"] for stage in document["stages"]] == ["2019-12-31", "2020-12-31"]
    assert all(stage["gain"] <= 300 for stage in document["stages"])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["frontier", "four_families"], "--household"),
        (["frontier", "first_steps", "--household", "NOBODY"], "NOBODY"),
        (["frontier", "first_steps", "--points", "2"], "--points"),
        (["frontier", "first_steps", "--svg", "-", "--json", "-"], "Only one of"),
        (["frontier", "first_steps", "--program", "balanecd"], "Did you mean 'balanced'?"),
        (["transition", "first_steps", "--years", "0"], "--years"),
        (["transition", "first_steps", "--budget", "-1"], "--budget"),
    ],
)
def test_a_wrong_call_is_told_what_is_wrong(root: Path, arguments: list[str], told: str) -> None:
    command, book, *rest = arguments
    done = run(command, str(root / "examples" / "books" / book), *rest)
    assert done.exit_code != 0
    assert told in (done.output + str(done.exception)).replace("\n", " ")


def test_marks_are_written_as_what_they_are() -> None:
    """0, 2.5 and 5 % are not 0, 2 and 5."""
    assert digits_of([0.0, 2.5, 5.0]) == 1
    assert digits_of([0.0, 1000.0]) == 0
    assert digits_of([100 * mark for mark in (0.001, 0.0015, 0.002)]) == 2


def test_a_frontier_is_verified_from_its_file(written: Path, root: Path, tmp_path: Path) -> None:
    """Each point under its own price of risk; a point that is drawn too near the model is named."""
    book, path = str(root / "examples" / "books" / "first_steps"), tmp_path / "f.json"
    done = run("verify", str(written / "f.json"), book)
    assert done.exit_code == 0, done.output
    assert done.stdout.count("ok       bound:") == 5  # every point but doing nothing
    assert "Tax never falls as tracking error falls." in done.stdout
    document = json.loads((written / "f.json").read_text(encoding="utf-8"))
    document["points"][2]["tracking_error"] = 0.0
    path.write_text(json.dumps(document), encoding="utf-8")
    lied = run("verify", str(path), book)
    assert lied.exit_code == 1
    assert "DIFFERS  point:" in lied.stdout
    assert "DIFFERS  order:" in lied.stdout
    del document["points"][1]["plan"]["trades"]
    path.write_text(json.dumps(document), encoding="utf-8")
    assert isinstance(run("verify", str(path), book).exception, PlanError)


def test_the_years_of_a_transition_are_verified_each_from_the_year_before(root: Path, tmp_path: Path) -> None:
    book, path = str(root / "examples" / "books" / "first_steps"), tmp_path / "t.json"
    assert run("transition", book, "--years", "2", "--budget", "300", "--json", str(path), *QUICK).exit_code == 0
    done = run("verify", str(path), book)
    assert done.exit_code == 0, done.output
    assert "LEE 2020-12-31  ok       bound:" in done.stdout
    document = json.loads(path.read_text(encoding="utf-8"))
    document["stages"][1]["plan"]["tax"]["long_term_gain"] += 5.0
    path.write_text(json.dumps(document), encoding="utf-8")
    assert "LEE 2020-12-31  DIFFERS  tax:" in run("verify", str(path), book).stdout


def test_what_a_rule_holds_is_said(root: Path, tmp_path: Path) -> None:
    """Where a client forbids to sell what stands highest above its target, no budget brings the portfolio nearer."""
    book = tmp_path / "book"
    shutil.copytree(root / "examples" / "books" / "first_steps", book)
    account = (book / "accounts.csv").read_text(encoding="utf-8").splitlines()[1].partition(",")[0]
    (book / "restrictions.csv").write_text(f"account,rule,value\n{account},no_trade,AAPL\n", encoding="utf-8")
    for command in (["frontier", "--points", "4"], ["transition", "--years", "1"]):
        done = run(command[0], str(book), *command[1:], *QUICK)
        assert done.exit_code == 0, done.output
        told = " ".join(done.stdout.split())
        assert "from the model, and AAPL is kept by a rule: The restriction no_trade AAPL" in told
