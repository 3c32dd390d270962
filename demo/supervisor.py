"""Runs the whole product on one machine: prepares the data, starts every part, watches them."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from demo import processes
from demo.background import note_of
from demo.processes import Child, python

START_SECONDS = 60.0
PAUSE = 0.1
SWEEP_NOTE = "sweep.ready"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoFailed(Exception):
    """Why the demo cannot go on, in a sentence for who started it."""


class StopAsked(BaseException):
    """Somebody asked the demo to stop; not an Exception, so that nothing on the way mistakes it for a failure."""


class Supervisor:
    def __init__(self, *, base: Path, directory: Path, port: int, tell: Callable[[str], None]) -> None:
        self.base, self.directory, self.port, self.tell = base, directory, port, tell
        self.smtp_port = self.stripe_port = 0
        self.children: list[Child] = []
        self.preparing: subprocess.Popen[bytes] | None = None
        self.asked = self.starting = False

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def run(self, *, when_ready: Callable[[str], None]) -> None:
        """Until somebody asks to stop (returns) or a part cannot be kept up (raises DemoFailed)."""
        self.directory.mkdir(parents=True, exist_ok=True)
        with self._alone(), self._stopping():
            self._choose_ports()
            self._prepare()
            self._start()
            when_ready(f"Logisav est prêt : {self.address}")
            while True:
                self._keep_up()
                time.sleep(PAUSE)

    # Who may run

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One demo a folder. The lock goes with the process, so a crash leaves none behind."""
        with (self.directory / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as busy:
                raise DemoFailed(self._already_there()) from busy
            yield

    def _already_there(self) -> str:
        note = self.directory / "port"
        port = note.read_text().strip() if note.exists() else ""
        where = f", à l'adresse http://127.0.0.1:{port}/" if port else ""
        return (
            f"La démonstration tourne déjà dans {self.directory}{where}. Arrêtez-la d'abord avec Ctrl-C, "
            "ou donnez un autre dossier : LOGISAV_DEMO_DIR=… make demo PORT=8001"
        )

    def _choose_ports(self) -> None:
        if not processes.port_is_free(self.port):
            raise DemoFailed(
                f"Le port {self.port} est déjà pris par un autre programme. "
                f"Essayez-en un autre : make demo PORT={self.port + 1}"
            )
        (self.directory / "port").write_text(f"{self.port}\n")
        self.smtp_port = self._usual_port("smtp_port")
        self.stripe_port = self._usual_port("stripe_port")

    def _usual_port(self, name: str) -> int:
        """The one of last time if it is free: commands that run beside the demo read it from the note."""
        note = self.directory / name
        last = note.read_text().strip() if note.exists() else ""
        usable = last.isdigit() and int(last) != self.port and processes.port_is_free(int(last))
        port = int(last) if usable else processes.free_port()
        note.write_text(f"{port}\n")
        return port

    # Stopping

    @contextmanager
    def _stopping(self) -> Iterator[None]:
        """Ctrl-C, `kill` and a closed terminal all end the demo in order, whatever it is doing."""
        for number in SIGNALS:
            signal.signal(number, self._ask)
        try:
            yield
        except StopAsked:
            pass
        finally:
            for number in SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            everyone = [self.preparing, *(child.process for child in self.children)]
            processes.stop([process for process in everyone if process is not None])

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if not self.starting:
            raise StopAsked

    @contextmanager
    def _starting(self) -> Iterator[None]:
        """Who asks while a child is being made is heard once it is noted: raised in the midst of a fork, the exception
        would be lost, or the child."""
        self.starting = True
        yield
        self.starting = False
        if self.asked:
            raise StopAsked

    # Preparing

    @property
    def environment(self) -> dict[str, str]:
        return os.environ | {
            "DEMO": "1",
            "DJANGO_SETTINGS_MODULE": "logisav.settings",
            "LOGISAV_DEMO_DIR": str(self.directory),
            "SITE_URL": self.address.rstrip("/"),
            "EMAIL_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "STRIPE_API_URL": f"http://127.0.0.1:{self.stripe_port}",
            "PYTHONUNBUFFERED": "1",
        }

    def _prepare(self) -> None:
        """Idempotent, and quick when it was done before."""
        self.tell("Préparation de la démonstration (une minute la première fois)…")
        with self._log("setup").open("ab") as output, self._starting():
            self.preparing = processes.start(
                python("manage.py", "demo_data"), env=self.environment, output=output, folder=self.base
            )
        if self.preparing.wait() != 0:
            end_of_log = "\n".join(self._log("setup").read_text(errors="replace").splitlines()[-15:])
            raise DemoFailed(f"La préparation a échoué :\n{end_of_log}")

    def _log(self, name: str) -> Path:
        folder = self.directory / "logs"
        folder.mkdir(exist_ok=True)
        return folder / f"{name}.log"

    # Running

    def _start(self) -> None:
        self.children = [
            self._catcher(),
            self._stripe(),
            self._web(),
            self._worker("mails", lanes="urgent,logisav", title="L'envoi des mails"),
            self._worker("work", lanes="work,payments", title="Le travail de fond"),
            self._sweep(),
        ]
        for note in self.directory.glob("*.ready"):
            note.unlink()
        for child in self.children:
            with self._starting():
                child.start(env=self.environment, folder=self.base)
        end = time.monotonic() + START_SECONDS
        for child in self.children:
            while not child.answers():
                self._keep_up()
                if time.monotonic() > end:
                    raise DemoFailed(f"{child.title} ne répond pas. Fin de son journal :\n{child.last_words}")
                time.sleep(PAUSE)

    def _keep_up(self) -> None:
        """Start again what has died; give up on what keeps dying."""
        for child in self.children:
            if child.has_died:
                if not child.note_death():
                    raise DemoFailed(
                        f"{child.title} s'arrête sans cesse. Fin de son journal :\n{child.last_words}"
                    )
                self.tell(f"{child.title} s'est arrêté, redémarrage. Son journal : {child.log}")
                with self._starting():
                    child.start(env=self.environment, folder=self.base)

    def _catcher(self) -> Child:
        return Child(
            title="Le serveur de mail",
            command=python("-m", "demo.catcher", str(self.smtp_port), str(self.directory / "mails")),
            log=self._log("smtp"),
            answers=lambda: processes.greets(self.smtp_port),
        )

    def _stripe(self) -> Child:
        """Its key and the secret of its webhooks are in the environment, as for everybody who speaks to it."""
        webhook, kept = f"{self.address}stripe/webhook/", str(self.directory / "stripe.json")
        options = ["--port", str(self.stripe_port), "--webhook-url", webhook, "--file", kept]
        return Child(
            title="Le remplaçant de Stripe",
            command=python("-m", "demo.stripe_standin", *options),
            log=self._log("stripe"),
            answers=lambda: processes.is_well(self.stripe_port, "/_standin/health"),
        )

    def _web(self) -> Child:
        return Child(
            title="Le site",
            command=python(
                "-m",
                "gunicorn",
                "logisav.wsgi",
                "-c",
                "python:demo.gunicorn_conf",
                "-b",
                f"127.0.0.1:{self.port}",
            ),
            log=self._log("web"),
            answers=lambda: processes.is_well(self.port),
        )

    def _worker(self, name: str, *, lanes: str, title: str) -> Child:
        """A code that somebody waits for never stands behind the PDFs and Stripe of the other worker."""
        options = ["-n", f"{name}@%h", "-Q", lanes, "-P", "threads", "-c", "2"]
        options += ["--without-gossip", "--without-mingle", "-l", "warning"]
        return Child(
            title=title,
            command=python("-m", "celery", "-A", "logisav", "worker", "-I", "demo.background", *options),
            log=self._log(f"worker-{name}"),
            answers=(self.directory / note_of(name)).exists,
        )

    def _sweep(self) -> Child:
        note = self.directory / SWEEP_NOTE
        return Child(
            title="Le passage périodique",
            command=python("manage.py", "sweep", "--loop", "--note", str(note)),
            log=self._log("sweep"),
            answers=note.exists,
        )
