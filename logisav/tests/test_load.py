"""What `make load` and `make load-short` fail on."""

from __future__ import annotations

from typing import Any

import pytest

from logisav.tests.load import broken, p95, too_slow

pytestmark = pytest.mark.sqlite
WELL: dict[str, Any] = {
    "errors": {},
    "errors in the logs": {},
    "waiting at the end": 0,
    "signatures": 4,
    "code mail p95 s": 10,
    "signed PDF p95 s": 60,
    "memory of the web": 0.05,
    "memory of the workers": -0.05,
}


def test_what_was_promised_is_enough() -> None:
    assert [*broken(WELL), *too_slow(WELL)] == []


@pytest.mark.parametrize(
    "worse", [{"errors": {"500 for /l/…/": 1}}, {"waiting at the end": 1}, {"signatures": 0}]
)
def test_a_busy_machine_is_no_excuse_for(worse: dict[str, Any]) -> None:
    assert len(list(broken(WELL | worse))) == 1


@pytest.mark.parametrize(
    "worse",
    [
        {"errors in the logs": {"quotes … KeyError": 1}},
        {"code mail p95 s": 10.1},
        {"signed PDF p95 s": 60.1},
        {"memory of the web": 0.051},
        {"memory of the workers": -0.051},
    ],
)
def test_a_machine_of_its_own_keeps(worse: dict[str, Any]) -> None:
    assert len(list(too_slow(WELL | worse))) == 1


def test_of_a_hundred_times_ninety_five_are_within_p95() -> None:
    assert p95([float(number) for number in range(1, 101)]) == 95
    assert p95([3.0]) == 3
