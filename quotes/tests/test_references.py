"""Each subject has one reference on each day."""

from __future__ import annotations

import datetime as dt

import pytest

from quotes.law.references import REFERENCES, cite, in_force


def test_row_24_the_franchise_is_cited_from_the_new_code_when_the_old_one_may_no_longer_be() -> None:
    assert cite("vat_franchise", on=dt.date(2027, 12, 31)) == "art. 293 B du CGI"
    assert cite("vat_franchise", on=dt.date(2028, 1, 1)) == "art. L223-1 et suivants du CIBS"


@pytest.mark.parametrize("subject", REFERENCES)
def test_each_subject_has_exactly_one_reference_on_each_day_since_its_law(subject: str) -> None:
    """None before: `in_force` tells both."""
    begins = min(reference.since or dt.date.min for reference in REFERENCES[subject])
    for day in (dt.date(2024, 1, 1) + dt.timedelta(days=n) for n in range(365 * 8)):
        assert sum(reference.holds(day) for reference in REFERENCES[subject]) == (day >= begins)
        assert in_force(subject, on=day) == (day >= begins)
