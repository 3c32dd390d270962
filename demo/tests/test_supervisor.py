"""`manage.py demo` as real processes: it starts whole, keeps itself up, and ends whole."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import stripe

from demo.processes import free_port, greets
from demo.supervisor import SIGNALS, Supervisor
from demo.tests.running import Demo, filled_demo, once, running_demo, until
from demo.tests.stripe_side import wanted

pytestmark = once
SPAN = '<span class="nowrap">'


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("running") / "demo") as demo:
        yield demo


@pytest.fixture
def another(tmp_path: Path) -> Iterator[Demo]:
    with filled_demo(tmp_path / "demo") as another:
        yield another


def test_its_notes_tell_where_it_answers(demo: Demo) -> None:
    assert (demo.folder / "port").read_text() == f"{demo.port}\n"
    assert greets(int((demo.folder / "smtp_port").read_text()))
    assert demo.get("/healthz")[0].status == 200


def test_a_quote_sent_beside_it_arrives_in_the_mailbox(demo: Demo) -> None:
    number = demo.number_of("devis en cours")
    done = demo.manage("send_quote", number)
    assert done.returncode == 0, done.stderr
    until(lambda: f"Votre devis {number}" in demo.get(f"/demo/mails/?devis={number}")[1].replace(SPAN, ""))
    assert demo.address in demo.mails_about(number)[0].text


def test_the_stand_in_for_stripe_tells_the_site(demo: Demo) -> None:
    """One key and one secret for both sides, and the right addresses."""
    secrets = dict(line.split("=") for line in (demo.folder / "stripe.env").read_text().splitlines())
    url = f"http://127.0.0.1:{(demo.folder / 'stripe_port').read_text().strip()}"
    api = stripe.StripeClient(secrets["STRIPE_SECRET_KEY"], base_addresses={"api": url})
    session = api.v1.checkout.sessions.create(params=wanted())
    assert (session.url or "").startswith(f"{url}/c/pay/")
    api.v1.checkout.sessions.expire(session.id)
    until(lambda: demo.rows("SELECT type FROM payments_stripeevent") == [("checkout.session.expired",)])


def test_a_second_one_in_the_same_folder_is_refused(demo: Demo) -> None:
    second = Demo(demo.folder)
    done = second.manage("demo", "--port", str(second.port))
    assert done.returncode == 1
    assert f"tourne déjà dans {demo.folder}, à l'adresse {demo.address}/" in done.stderr


def test_a_port_that_is_taken_is_named(demo: Demo, another: Demo) -> None:
    done = another.manage("demo", "--port", str(demo.port))
    assert done.returncode == 1
    assert f"Le port {demo.port} est déjà pris" in done.stderr


def test_what_dies_is_started_again(demo: Demo) -> None:
    old = demo.pid_of("demo.catcher")
    os.kill(old, signal.SIGKILL)
    until(lambda: greets(int((demo.folder / "smtp_port").read_text())))
    assert demo.pid_of("demo.catcher") != old
    assert "Le serveur de mail s'est arrêté" in demo.complaints


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "kill"])
def test_asked_to_stop_it_stops_everything(another: Demo, number: signal.Signals) -> None:
    another.start()
    # Supervisor, mailbox, stand-in, gunicorn and its worker, Celery's two workers, the sweep.
    assert len(another.living) >= 8
    assert another.end(number) == 0
    assert another.living == []
    assert another.process is not None
    assert another.process.stdout is not None
    assert another.process.stdout.read() == ""  # the one line was all


def test_asked_to_stop_while_it_prepares(tmp_path: Path) -> None:
    fresh = Demo(tmp_path)
    fresh.begin()
    until(lambda: "Préparation" in fresh.complaints and len(fresh.living) > 1)
    assert fresh.end(signal.SIGINT) == 0
    assert fresh.living == []


def test_asked_to_stop_while_a_child_is_being_made_it_hears_of_it_then(tmp_path: Path) -> None:
    supervisor = Supervisor(base=tmp_path, directory=tmp_path, port=free_port(), tell=print)
    done = []
    before = {number: signal.getsignal(number) for number in SIGNALS}
    try:
        with supervisor._stopping(), supervisor._starting():
            signal.raise_signal(signal.SIGINT)
            done.append("the child is noted")
        with supervisor._stopping():
            done.append("it goes on")
            signal.raise_signal(signal.SIGINT)
            done.append("it did not hear")
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    assert done == ["the child is noted", "it goes on"]


def test_nothing_outlives_a_supervisor_that_is_killed(another: Demo) -> None:
    another.start()
    another.end(signal.SIGKILL)
    until(lambda: another.living == [], seconds=5, what="every child is gone")


def test_it_gives_up_on_what_cannot_run(another: Demo) -> None:
    (another.folder / "mails").rename(another.folder / "elsewhere")
    (another.folder / "mails").touch()  # where a folder should be
    another.begin()
    assert another.process is not None
    assert another.process.wait(60) == 1
    assert "s'arrête sans cesse" in another.complaints
    assert another.living == []


def test_two_demos_run_side_by_side(demo: Demo, another: Demo) -> None:
    another.port = free_port()
    another.start()
    assert demo.get("/healthz")[0].status == another.get("/healthz")[0].status == 200
