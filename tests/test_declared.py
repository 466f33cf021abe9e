from __future__ import annotations

from pathlib import Path

import pytest

from lotwright import declared
from lotwright.declared import Shelf, declared_names, find_portfolio, find_program, models_folder
from lotwright.errors import ProgramError


@pytest.fixture
def shipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed wheel's layout: ``lotwright/models`` inside the package."""
    package = tmp_path / "site-packages" / "lotwright"
    for shelf in Shelf:
        (package / "models" / shelf).mkdir(parents=True)
    (package / "models" / "programs" / "balanced.toml").write_text("says = 'shipped'\n")
    (package / "models" / "programs" / "harvest.toml").write_text("says = 'shipped'\n")
    (package / "models" / "portfolios" / "three_fund.toml").write_text("says = 'shipped'\n")
    monkeypatch.setattr(declared, "_PACKAGE", package)
    return package / "models"


def test_a_name_finds_the_shipped_file(shipped: Path):
    assert find_program("balanced") == shipped / "programs" / "balanced.toml"
    assert find_portfolio("three_fund") == shipped / "portfolios" / "three_fund.toml"


def test_a_users_file_wins_and_the_others_stay(shipped: Path, tmp_path: Path):
    book = tmp_path / "book"
    (book / "models" / "programs").mkdir(parents=True)
    own = book / "models" / "programs" / "balanced.toml"
    own.write_text("says = 'mine'\n")
    assert find_program("balanced", beside=book) == own
    assert find_program("harvest", beside=book) == shipped / "programs" / "harvest.toml"
    assert find_program("balanced", beside=tmp_path / "no such folder") == shipped / "programs" / "balanced.toml"


def test_a_path_is_taken_as_it_stands(shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    mine = tmp_path / "balanced.toml"
    mine.write_text("says = 'mine'\n")
    assert find_program(mine) == mine
    assert find_program(str(mine)) == mine
    monkeypatch.chdir(tmp_path)
    assert find_program("balanced.toml") == Path("balanced.toml")
    with pytest.raises(ProgramError, match=r"no program file .*mine\.toml.*balanced, harvest"):
        find_program("elsewhere/mine.toml")


def test_an_unknown_name_lists_what_there_is_and_the_nearest(shipped: Path):
    with pytest.raises(ProgramError, match=r"no program named 'balancd'\. Did you mean 'balanced'\? .*harvest"):
        find_program("balancd")
    with pytest.raises(ProgramError, match=r"no model portfolio named 'xyz'\. There are: three_fund\."):
        find_portfolio("xyz")


@pytest.mark.parametrize("name", ["../programs/balanced", "../../secret", "/etc/passwd", "balanced.toml"])
def test_a_portfolios_name_never_leaves_its_folder(shipped: Path, name: str):
    with pytest.raises(ProgramError, match="no model portfolio named"):
        find_portfolio(name)


def test_without_the_folder_the_installation_is_called_incomplete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(declared, "_PACKAGE", tmp_path / "lib" / "lotwright")
    with pytest.raises(ProgramError, match="Install Lotwright again"):
        models_folder()


def test_this_copy_ships_the_programs_of_the_checkout(root: Path):
    in_checkout = {file.stem for file in (root / "models" / "programs").glob("*.toml")}
    assert in_checkout
    assert set(declared_names(Shelf.PROGRAMS)) == in_checkout
