"""Triggers from TOML: every shipped one reads and fits its schema; every mistake is told in words a person can act on."""

from __future__ import annotations

import json
import tomllib
from datetime import date
from pathlib import Path

import jsonschema
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lotwright.book.history import PriceHistory
from lotwright.errors import ProgramError
from lotwright.files.indicator_series import Source, read_series, series_of_file
from lotwright.files.triggers import load_trigger, parse_trigger, trigger_schema
from lotwright.trigger.conditions import CONDITIONS, Combined, Not
from lotwright.trigger.conditions.calendar import Calendar, Weekday
from lotwright.trigger.trading_days import Every

SHIPPED = sorted((Path(__file__).resolve().parents[2] / "models" / "triggers").glob("*.toml"))
CALENDAR = '[[when]]\nkind = "calendar"\nevery = "month"\n'


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = trigger_schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_is_shipped_reads_and_fits_the_schema(path: Path, validator: jsonschema.Draft202012Validator) -> None:
    declared = load_trigger(path.stem)
    assert declared.trigger.name == path.stem
    assert declared.trigger.says.endswith(".")
    validator.validate(tomllib.loads(path.read_text(encoding="utf-8")))


def test_the_programs_that_shipped_triggers_name_are_shipped(root: Path) -> None:
    named = {when.then for path in SHIPPED for when in load_trigger(path).trigger.when if when.then}
    assert named <= {path.stem for path in (root / "models" / "programs").glob("*.toml")}


def test_conditions_within_conditions() -> None:
    text = """
    combine = 1
    [[when]]
    kind = "at_least"
    count = 2
    then = "harvest"
    urgent = true
    of = [
        { kind = "calendar", every = "week", weekday = "wednesday" },
        { kind = "not", of = { kind = "drift", absolute = 0.05 } },
        { kind = "all", of = [{ kind = "tracking_error", above = 0.01 }] },
    ]
    """
    (when,) = parse_trigger(text).trigger.when
    assert (when.then, when.urgent) == ("harvest", True)
    assert isinstance(when.condition, Combined)
    calendar, inverse, every = when.condition.of
    assert calendar == Calendar(every=Every.WEEK, weekday=Weekday.WEDNESDAY)
    assert isinstance(inverse, Not)
    assert (every.kind, when.condition.count) == ("all", 2)


WRONG = {
    "when = 3": "Write each condition under",
    "": "has no condition",
    "[[when]]": "has no kind",
    '[[when]]\nkind = "calender"': "unknown kind 'calender'. Did you mean 'calendar'",
    '[[when]]\nkind = "calendar"': "calendar, every: it is needed",
    CALENDAR + "nht = 3": "no setting 'nht'. Did you mean 'nth'",
    CALENDAR + 'nth = "3"': "calendar, nth: input should be a valid integer; found '3'",
    CALENDAR + "nth = 0": "nth is 0",
    CALENDAR + "nth = 2.5": "nth",
    CALENDAR + "urgent = 1": "urgent is 1",
    CALENDAR + "then = 3": "then is 3",
    '[[when]]\nkind = "calendar"\nevery = "fortnight"': "should be 'day', 'week'",
    '[[when]]\nkind = "drift"\nabsolute = -0.1': "greater than 0",
    '[[when]]\nkind = "drift"\nabsolute = true': "valid number",
    '[[when]]\nkind = "drift"\nabsolute = nan': "absolute: .*found nan",
    '[[when]]\nkind = "drift"': "no threshold",
    '[[when]]\nkind = "any"\nof = []': "no conditions",
    '[[when]]\nkind = "any"': "needs a list of conditions",
    '[[when]]\nkind = "any"\ncount = 2\nof = []': "any has no setting 'count'",
    '[[when]]\nkind = "not"\nof = []': "not needs one condition",
    '[[when]]\nkind = "at_least"\nof = [{kind = "elapsed", trading_days = 3}]': "needs a count",
    '[[when]]\nkind = "at_least"\ncount = 2\nof = [{kind = "elapsed", trading_days = 3}]': "asks for 2 of 1",
    '[[when]]\nkind = "indicator"\nwhen = "VIX.x > 3"': "VIX.x' is not allowed",
    "when = ["
    + '{kind="not", of=' * 12
    + '{kind="elapsed", trading_days=1}'
    + "}" * 12
    + "]": "nested more than 8 deep",
    "cooldwn = 3\n" + CALENDAR: "'cooldwn' is no part of a trigger. Did you mean 'cooldown'",
    "cooldown = -1\n" + CALENDAR: "cooldown is -1",
    "cooldown = true\n" + CALENDAR: "cooldown is True",
    'combine = "some"\n' + CALENDAR: "combine is 'some'",
    "combine = 2\n" + CALENDAR: "asks for 2 of 1",
    "says = 3\n" + CALENDAR: "says is 3",
    CALENDAR + '[series.VIX]\nfile = "a"\nsymbol = "b"': "either file or symbol",
    CALENDAR + '[series.VIX]\nfil = "a"': "series VIX, fil",
    CALENDAR + '[series."V-X"]\nfile = "a"': "named like a variable",
    CALENDAR + '[series.VIX]\nfile = "a"\nmax_age = -1': "max_age is -1",
    "not toml": "is not TOML",
}


@pytest.mark.parametrize(("text", "says"), list(WRONG.items()), ids=list(WRONG.values()))
def test_mistakes_are_told(text: str, says: str) -> None:
    with pytest.raises(ProgramError, match=says):
        parse_trigger(text)


def test_the_schema_refuses_what_the_reader_refuses(validator: jsonschema.Draft202012Validator) -> None:
    for text in (
        CALENDAR + "nht = 3",
        CALENDAR + 'nth = "3"',
        '[[when]]\nkind = "calender"',
        "cooldwn = 3\n" + CALENDAR,
    ):
        assert not validator.is_valid(tomllib.loads(text))


def test_every_setting_is_described() -> None:
    definitions = trigger_schema()["$defs"]
    lacking = [
        f"{kind}.{name}"
        for kind in CONDITIONS
        for name, about in definitions[kind]["properties"].items()
        if name != "kind" and not about.get("description")
    ]
    assert lacking == []
    json.dumps(definitions)


def test_a_name_that_nobody_declared_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ProgramError, match=r"no trigger named 'quartely'. Did you mean 'quarterly'"):
        load_trigger("quartely")
    with pytest.raises(ProgramError, match=r"no trigger file .*mine.toml"):
        load_trigger(tmp_path / "mine.toml")
    (tmp_path / "models" / "triggers").mkdir(parents=True)
    (tmp_path / "models" / "triggers" / "quarterly.toml").write_text("cooldown = 9\n" + CALENDAR, encoding="utf-8")
    assert load_trigger("quarterly", beside=tmp_path).trigger.cooldown == 9


def written(folder: Path, text: str) -> Source:
    (folder / "s.csv").write_text(text, encoding="utf-8")
    return Source(file="s.csv", folder=str(folder))


def test_series_as_fred_and_others_write_them(tmp_path: Path) -> None:
    found = series_of_file(
        "VIX", written(tmp_path, "observation_date,VIXCLS\n2024-06-12,12.04\n2024-06-13,.\n2024-06-11,\n")
    )
    assert (found.dates.tolist(), found.values.tolist()) == ([date(2024, 6, 12)], [12.04])
    american = Source(file="s.csv", folder=str(tmp_path), date_format="%m/%d/%Y", value="CLOSE")
    written(tmp_path, "DATE,OPEN,CLOSE\n06/13/2024,12,11.94\n06/12/2024,12.9,12.04\n")
    assert series_of_file("VIX", american).values.tolist() == [12.04, 11.94]
    table = pa.table({"date": [date(2024, 6, 12), date(2024, 6, 13)], "close": [1.0, None]})
    pq.write_table(table, tmp_path / "s.parquet")
    assert series_of_file("S", Source(file="s.parquet", folder=str(tmp_path))).values.tolist() == [1.0]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no rows"),
        ("date,close\n", "no rows"),
        ("date,close\n2024-06-12,high\n", "row 2, column close: 'high' is no number"),
        ("date,close\n2024-06-12,inf\n", "is no number"),
        ("date,close\n12.06.2024,3\n", "row 2, column date: '12.06.2024' is no day.*date_format"),
        ("date,close\n2024-06-12,3\n2024-06-12,4\n", "row 3: 2024-06-12 is there twice"),
        ("date,open,high\n2024-06-12,3,4\n", "which column is the value"),
    ],
)
def test_series_that_do_not_read(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ProgramError, match=says):
        series_of_file("VIX", written(tmp_path, text))


def test_a_series_is_declared_or_a_symbol_of_the_history(tmp_path: Path) -> None:
    history = PriceHistory(
        symbols=("SPY",),
        dates=np.array(["2024-06-12", "2024-06-13"], dtype="datetime64[D]"),
        adj_close=np.array([[5.0], [np.nan]]),
    )
    assert read_series(["SPY"], {}, history)["SPY"].values.tolist() == [5.0]
    assert read_series(["INDEX"], {"INDEX": Source(symbol="SPY")}, history)["INDEX"].values.tolist() == [5.0]
    with pytest.raises(ProgramError, match=r"VIX is neither declared nor a symbol.*--series VIX=FILE"):
        read_series(["VIX"], {}, history)
    with pytest.raises(ProgramError, match=r"nothing.csv \(series VIX\) cannot be read"):
        read_series(["VIX"], {"VIX": Source(file="nothing.csv", folder=str(tmp_path))}, None)
