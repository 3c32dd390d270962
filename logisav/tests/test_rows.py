"""`make figures`: what is kept, what is run again, and that no count is without its row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from logisav.tests import figures
from logisav.tests.figures import Line
from logisav.tests.rows import ROOT, ROWS, Result, Row, go_on, read, table

pytestmark = pytest.mark.sqlite
WEBHOOKS = next(row for row in ROWS if row.name == "webhooks")
CODE = next(row for row in ROWS if row.name == "code")


class Runs:
    """Stands in for pytest: part by part, what it was asked and what it came to."""

    def __init__(self, *, failing: tuple[int, ...] = (), until: int = 99) -> None:
        self.failing, self.until, self.asked = failing, until, list[int]()

    def __call__(self, row: Row, number: int, seed: int) -> Result:
        if len(self.asked) == self.until:
            raise KeyboardInterrupt
        self.asked.append(number)
        line = {"code": row.name, "text": f"part {number}", "counts": {"orders": 60}}
        failed = number in self.failing
        return Result(
            seed, "2026-11-24T09:00:00+00:00", 7, int(failed), int(not failed), int(failed), lines=[line]
        )


def test_a_row_that_was_cut_off_goes_on_where_it_stopped(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        go_on(WEBHOOKS, folder=tmp_path, commit="abc", run=Runs(until=3))
    again = Runs()
    assert go_on(WEBHOOKS, folder=tmp_path, commit="abc", run=again)
    assert again.asked == list(range(3, WEBHOOKS.parts))
    assert go_on(WEBHOOKS, folder=tmp_path, commit="abc", run=Runs(until=0))


def test_what_failed_is_tried_again(tmp_path: Path) -> None:
    assert not go_on(WEBHOOKS, folder=tmp_path, commit="abc", run=Runs(failing=(2,)))
    again = Runs()
    assert go_on(WEBHOOKS, folder=tmp_path, commit="abc", run=again)
    assert again.asked == [2]


@pytest.mark.parametrize(("first", "then"), [("abc", "def"), ("abc, changed", "abc, changed")])
def test_other_code_has_no_result_yet(tmp_path: Path, first: str, then: str) -> None:
    go_on(CODE, folder=tmp_path, commit=first, run=Runs())
    again = Runs()
    go_on(CODE, folder=tmp_path, commit=then, run=again)
    assert again.asked == [0]
    assert (kept := read(tmp_path, CODE))
    assert kept.commit == then


def test_a_call_takes_no_part_that_would_not_end_in_time(tmp_path: Path) -> None:
    runs = Runs()
    assert not go_on(WEBHOOKS, folder=tmp_path, commit="abc", run=runs, limit=0)
    assert runs.asked == [0]
    assert not go_on(WEBHOOKS, folder=tmp_path, commit="abc", run=runs, limit=0)
    assert runs.asked == [0, 1]


def test_the_table_tells_commit_seed_date_seconds_and_the_sum_of_the_parts(tmp_path: Path) -> None:
    go_on(WEBHOOKS, folder=tmp_path, commit="abc", run=Runs(failing=(1,)), seed=42)
    told = "\n".join(table(tmp_path))
    assert "webhooks (11 of 12 parts): 11 passed, 1 failed, 84 s, commit abc" in told
    assert "2026-11-24T09:00:00+00:00, part 2 of 12, seed 42, 7 s, ended with 1, see webhooks.log" in told
    assert "720  webhooks: orders" in told


def test_a_row_in_which_something_hardly_happened_is_not_whole(tmp_path: Path) -> None:
    rare = Row("lifecycle", ("a.py",), parts=2, at_least=121)
    assert not go_on(rare, folder=tmp_path, commit="abc", run=Runs())
    assert go_on(
        Row("lifecycle", ("a.py",), parts=2, at_least=120), folder=tmp_path, commit="abc", run=Runs()
    )


def test_parts_add_up_to_no_less_than_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    orders, tried, runs = list(range(720)), list[int](), 0
    monkeypatch.setattr(figures, "FULL", True)
    monkeypatch.setattr(figures, "PARTS", 7)
    for part in range(7):
        monkeypatch.setattr(figures, "PART", part)
        tried += figures.share_of(orders)
        runs += figures.share(2, 100)
    assert sorted(tried) == orders
    assert 100 <= runs < 107


def test_each_file_that_counts_is_in_exactly_one_row() -> None:
    in_rows = [test for row in ROWS for test in row.tests]
    counting = {
        str(path.relative_to(ROOT))
        for folder in ("lib", "logisav", "notifications", "quotes", "signing", "payments", "demo")
        for path in (ROOT / folder).rglob("test_*.py")
        if re.search(r"\bfigure\(|mark\.figures\b|\bsample\(", path.read_text())
    } - {str(Path(__file__).relative_to(ROOT))}
    assert sorted(in_rows) == sorted(counting)
    assert len({row.name for row in ROWS}) == len(ROWS)


def test_dice_fall_the_same_way_for_the_same_seed() -> None:
    throws = [figures.chance("bits").randrange(10**9) for _ in range(2)]
    assert throws[0] == throws[1] != figures.chance("journal").randrange(10**9)


def test_a_line_of_the_table_is_as_wide_as_its_neighbours() -> None:
    lines = [Line("code", "5 looked at"), Line("webhooks", "all 200")]
    assert list(figures.as_table(lines)) == ["code      5 looked at", "webhooks  all 200"]
