"""A sample of `make faults`: four faults at once while customers sign and pay, and the judge sees what is wrong."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from logisav.tests.faults.campaign import Batch
from logisav.tests.faults.ground import Ground
from logisav.tests.faults.results import Result
from logisav.tests.faults.table import Fault
from logisav.tests.stack import MissingProgram
from logisav.tests.topology import find_nginx
from notifications.tests.smtp import DROP

pytestmark = [pytest.mark.long, pytest.mark.postgres]
AFTER_COMMIT = "accept: after COMMIT"


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    try:
        find_nginx()
    except MissingProgram as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"needs {missing}")
    with Ground(tmp_path_factory.mktemp("faults")) as ground:
        yield ground


@contextmanager
def a_bit_of_everything(ground: Ground) -> Iterator[None]:
    """Redis killed, sessions ended, mails taken without an answer; the web dies once when it has accepted."""
    ground.arm(AFTER_COMMIT)
    ground.mails.say({"BODY": DROP})
    ground.redis.kill()
    ground.end_sessions()
    yield
    ground.mails.say()


SAMPLE = Fault("sample", "sample", "all at once", a_bit_of_everything, lasts=3, times=1, may_double=True)


def test_nothing_is_lost_and_nothing_doubled_whatever_breaks(ground: Ground) -> None:
    result = Result(SAMPLE.name)
    batch = Batch(ground, SAMPLE, "sample", seed="sample", count=3)
    batch.run(result)
    assert result.wrong == []
    assert (result.quotes, result.lost, result.doubled_pdfs) == (3, 0, 0)
    assert batch.points == {AFTER_COMMIT: 1}
    assert ground.restarts["redis"] == 1

    # And the judge sees what is wrong.
    signed = next((ground.folder / "media" / "signed").iterdir())
    signed.write_bytes(signed.read_bytes()[:-1])
    ledger = {reference: cents + 1 for reference, cents in ground.ledger().items()}
    found = ground.insider.ask("judge", numbers=batch.numbers, told=batch.numbers, ledger=ledger)
    assert [words for words in found if words.endswith(f"{signed.name} is not its hash")]
    assert len([words for words in found if words.startswith("I4")]) == 3
