"""The section ``emissions`` of the configuration, and the limit book that it leads to."""

from datetime import date
from pathlib import Path

import pytest

from park.yamlfile import FileInvalid
from rules.emissions.limits import Confirmation
from service.config import load_config
from service.judge.limit_packs import limit_book, read_limit_packs
from tests.unit.rules.emissions_limits.making import PACK, SHIPPED, park

_CONFIG = """\
park: p.yaml
data_dir: data
emissions:
  limits: packs
  confirmed:
    - row: GB 37823-2019/table-1/nmhc/hour
      by: 李伟
      on: 2026-11-01
      note: GB 37823-2019, page 6
      limit: 100
"""


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """Beside it a directory of packs."""
    packs = tmp_path / "packs"
    packs.mkdir()
    (packs / "pharma.yaml").write_bytes((SHIPPED / "gb-37823-2019.yaml").read_bytes())
    (packs / "own.yaml").write_text(PACK, "utf-8")
    file = tmp_path / "parkwatch.yaml"
    file.write_text(_CONFIG, "utf-8")
    return file


def test_confirmed_row_is_active_under_its_name_and_no_other(config: Path) -> None:
    book = limit_book(park(standards=["GB 37823-2019"]), load_config(config).emissions)
    given = Confirmation(
        row="GB 37823-2019/table-1/nmhc/hour", by="李伟", on=date(2026, 11, 1), note="GB 37823-2019, page 6", limit=100
    )
    assert book.confirmations == (given,)
    waiting = [row for row in book.rows if row.confidence != "read"]
    assert [row.id for row in waiting if book.is_active(row)] == [given.row]
    assert len(waiting) > 15
    ((_, _, found),) = book.lookup("acme.S.nmhc", "hour")
    assert (found.limit, found.confirmed_by, found.confidence) == (100, "李伟", "unverified")


def test_paths_of_packs_are_relative_to_the_configuration(config: Path, tmp_path: Path) -> None:
    assert load_config(config).emissions.limits == (tmp_path / "packs",)


def test_without_the_section_there_are_no_packs_and_nobody_confirms(tmp_path: Path) -> None:
    file = tmp_path / "parkwatch.yaml"
    file.write_text("park: p.yaml\ndata_dir: data\n", "utf-8")
    emissions = load_config(file).emissions
    assert (emissions.limits, emissions.confirmed, emissions.early_warning.share) == ((), (), 0.8)
    assert limit_book(park(), emissions).rows == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("by: 李伟", "by: ' '", "7:7: emissions.confirmed.by: say who"),
        ("      by: 李伟\n", "", "'by' is missing"),
        ("      on: 2026-11-01\n", "", "'on' is missing"),
        ("on: 2026-11-01", "on: yesterday", "8:7: emissions.confirmed.on: "),
        ("      note: GB 37823-2019, page 6\n", "", "'note' is missing"),
        ("  limits: packs", "  limit: packs", "unknown key 'limit'; did you mean 'limits'?"),
    ],
)
def test_confirmation_needs_a_person_a_day_and_a_note(config: Path, old: str, new: str, message: str) -> None:
    config.write_text(_CONFIG.replace(old, new), "utf-8")
    with pytest.raises(FileInvalid) as caught:
        load_config(config)
    assert any(message in str(one) for one in caught.value.problems)


def test_all_problems_of_all_packs_are_told_at_once(config: Path) -> None:
    packs = config.parent / "packs"
    (packs / "own.yaml").write_text(PACK.replace("quantity: nmhc, limit: 60", "quantity: x, limit: 60"), "utf-8")
    (packs / "pharma.yaml").write_text("version: 1\n", "utf-8")
    with pytest.raises(FileInvalid) as caught:
        read_limit_packs([packs])
    assert {Path(one.file).name for one in caught.value.problems} == {"own.yaml", "pharma.yaml"}


def test_file_that_is_not_utf8_is_told(config: Path) -> None:
    (config.parent / "packs" / "own.yaml").write_bytes(PACK.encode("gbk"))
    with pytest.raises(FileInvalid, match=r"own\.yaml:3:1: not UTF-8 text"):
        read_limit_packs([config.parent / "packs"])


def test_directory_without_packs_is_told(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no limit pack"):
        read_limit_packs([tmp_path])
