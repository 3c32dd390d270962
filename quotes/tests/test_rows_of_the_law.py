"""Every finding of the review of the law has a test that bears its number: `row_1` to `row_24`.

The review tried the product as it was, against the law of quotes, withdrawal, deposits and mentions (read on 29
November 2026), and numbered what it found:

 1 the start of the fourteen days for goods       13 the invoice of the deposit, which is not built yet
 2 what voids a contract off premises             14 the data of persons
 3 the door to withdraw, and other ways to do so  15 a place that the quote protects already
 4 urgent repairs, and objects made to measure    16 money asked for before its day
 5 small professionals                            17 the page of a contract that is over
 6 the certification of a reduced VAT rate        18 the form of the company, EI
 7 work that begins within the period             19 terms of late payment between businesses
 8 the annexes word for word                      20 legal notice and accessibility
 9 RGE and subcontractors                         21 signed on paper, cheques, a deposit left unpaid
10 waste                                          22 signed on the day of the visit
11 aids                                           23 interest on a deposit
12 a rate without its reason                      24 references that change their code
"""

from __future__ import annotations

import re

import pytest
from django.conf import settings

pytestmark = pytest.mark.sqlite
NOT_BUILT = {13}
NAME = re.compile(r"^def test_\w*?row_(\d+)_", re.MULTILINE)


def test_every_finding_has_a_test_by_its_number() -> None:
    files = [
        path
        for room in ("quotes", "signing", "payments", "logisav")
        for path in (settings.BASE_DIR / room).rglob("tests/test_*.py")
    ]
    found = {int(number) for path in files for number in NAME.findall(path.read_text(encoding="utf-8"))}
    assert found == set(range(1, 25)) - NOT_BUILT
