"""docs/security.md says something of every requirement of ASVS 5.0.0, levels 1 and 2, and names what is there."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

ROOT = Path(settings.BASE_DIR)
TEXT = (ROOT / "docs" / "security.md").read_text()
ROWS = [
    re.split(r"\s*\|\s*", line.strip("| "))
    for line in TEXT.split("## ASVS 5.0, level 2")[1].split("### Keys")[0].splitlines()
    if re.match(r"\| \d", line)
]
# By section, how many it has of levels 1 and 2; those of level 3 stand behind them in the standard.
SECTIONS = {
    "1.1": 2, "1.2": 9, "1.3": 11, "1.4": 3, "1.5": 2, "2.1": 3, "2.2": 3, "2.3": 4, "2.4": 1,
    "3.2": 2, "3.3": 4, "3.4": 6, "3.5": 5, "3.7": 2, "4.1": 3, "4.2": 1, "4.3": 2, "4.4": 4,
    "5.1": 1, "5.2": 3, "5.3": 2, "5.4": 3, "6.1": 3, "6.2": 12, "6.3": 4, "6.4": 4, "6.5": 5, "6.6": 3, "6.8": 4,
    "7.1": 3, "7.2": 4, "7.3": 2, "7.4": 5, "7.5": 2, "7.6": 2, "8.1": 2, "8.2": 3, "8.3": 1, "8.4": 1,
    "9.1": 3, "9.2": 4, "11.1": 2, "11.2": 3, "11.3": 3, "11.4": 4, "11.5": 1, "11.6": 1,
    "12.1": 3, "12.2": 2, "12.3": 4, "13.1": 1, "13.2": 5, "13.3": 2, "13.4": 5,
    "14.1": 2, "14.2": 4, "14.3": 3, "15.1": 3, "15.2": 3, "15.3": 7, "16.1": 1, "16.2": 5, "16.3": 4, "16.4": 3,
    "16.5": 3,
}  # fmt: skip


def numbers_of(cell: str) -> list[str]:
    found = []
    for part in cell.split(", "):
        first, _, last = part.partition("–")
        section, _, start = first.rpartition(".")
        end = (last or first).rpartition(".")[2]
        found += [f"{section}.{number}" for number in range(int(start), int(end) + 1)]
    return found


def test_every_requirement_of_levels_one_and_two_has_one_answer() -> None:
    asked = [f"{section}.{number}" for section, count in SECTIONS.items() for number in range(1, count + 1)]
    answered = Counter(number for row in ROWS for number in numbers_of(row[0]))
    assert len(asked) == 217
    assert answered == Counter(asked)
    assert {row[-1] for row in ROWS} == {"yes", "partly", "no", "none"}


def test_every_test_that_is_named_is_there() -> None:
    named = {name for row in ROWS for name in re.findall(r"`([\w/]+/test_\w+)`", row[3])}
    missing = [
        name
        for name in named
        if not (ROOT / name.rpartition("/")[0] / "tests" / f"{Path(name).name}.py").exists()
    ]
    assert missing == []
    assert len(named) > 50


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/signature-electronique/", "/admin/login/", "/nulle-part/", "/verifier/"])
def test_pages_forbid_plugins_foreign_bases_and_frames_and_are_not_kept(path: str) -> None:
    response = Client().get(path)
    for directive in ("object-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
        assert directive in response.headers["Content-Security-Policy"]
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("name", ["requirements", "requirements-s3", "requirements-dev", "requirements-uv"])
def test_every_package_is_pinned_with_the_hashes_of_its_files(name: str) -> None:
    pins = re.split(r"\n(?=[\w.-]+(?:\[[\w,-]+\])?==)", (ROOT / f"{name}.txt").read_text())[1:]
    assert pins
    assert [pin.split()[0] for pin in pins if "--hash=sha256:" not in pin] == []
    wanted = re.findall(r"(?m)^([\w.-]+)(?:\[[\w,-]+\])?==(\S+)", (ROOT / f"{name}.in").read_text())
    written = {
        re.sub(r"[-_.]+", "-", pin.split("==")[0].split("[")[0]).lower(): pin.split("==")[1].split()[0]
        for pin in pins
    }
    for package, version in wanted:
        assert written[re.sub(r"[-_.]+", "-", package).lower()] == version


@pytest.mark.parametrize("file", ["scripts/setup", "deploy/Dockerfile", "docs/operations.md"])
def test_whatever_installs_installs_by_hash_alone(file: str) -> None:
    lines = [
        line
        for line in (ROOT / file).read_text().splitlines()
        if re.search(r"pip (install|sync)", line) and "requirements" in line + (ROOT / file).read_text()
    ]
    assert lines
    assert [line for line in lines if "--require-hashes" not in line] == []
