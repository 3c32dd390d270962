"""The whole of a real installation: nginx, gunicorn, PostgreSQL, Redis, a worker a lane, the schedule, a mail server.

    with Topology(folder) as topology:
        topology["web"].kill()

What runs is what `deploy/` says: its nginx.conf rendered to free ports and a certificate of its own, the command lines
of its units, its gunicorn.conf.py. Each part has a name and a log in `folder/logs`; it can be stopped, killed, started,
paused and resumed. Names: postgres, redis, smtp, web, worker-LANE, schedule, nginx, pool.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from ipaddress import ip_address
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from demo import mailbox, processes
from logisav.tests import environment, stack

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
HOST = "localhost"
LANES = ("urgent", "logisav", "work", "payments")
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")

# Where a line of deploy/nginx.conf names this installation's place, and nothing else.
MAIN = """daemon off;
{user}
worker_processes 2;
pid {folder}/nginx.pid;
error_log {folder}/logs/nginx.log error;
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    {temporary}
    include {folder}/site.conf;
}}
"""
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")


class Part(stack.Server):
    """One program of the installation."""

    def __init__(
        self,
        name: str,
        command: list[str],
        *,
        log: Path,
        variables: dict[str, str],
        answers: Callable[[Part], bool],
    ) -> None:
        super().__init__(f"logisav-{name}-")
        self.name, self.words, self.log, self.environment = name, command, log, variables
        self.is_well = answers
        self.since = 0
        self.log.touch()

    @property
    def place(self) -> Path:
        return ROOT

    def begin(self) -> None:
        self.since = self.log.stat().st_size
        super().begin()

    def command(self) -> list[str]:
        return self.words

    def answers(self) -> bool:
        return self.is_well(self)

    def has_said(self, words: str) -> bool:
        """Since it was started last."""
        with self.log.open("rb") as log:
            log.seek(self.since)
            return words.encode() in log.read()


class Topology:
    """`limited=False` leaves out what nginx allows one address: all visitors of a load come from here.

    `pooled=True` puts PgBouncer before PostgreSQL. Other keywords are settings.
    """

    def __init__(
        self,
        folder: Path,
        *,
        limited: bool = True,
        pooled: bool = False,
        web_workers: int = 2,
        **variables: str,
    ) -> None:
        self.folder, self.limited, self.pooled, self.web_workers = folder, limited, pooled, web_workers
        self.logs, self.mail_folder = folder / "logs", folder / "mails"
        self.http_port, self.https_port, self.web_port, self.smtp_port = (stack.free_port() for _ in range(4))
        self.given = variables
        self.parts: dict[str, stack.Server] = {}
        self.variables: dict[str, str] = {}

    def __getitem__(self, name: str) -> stack.Server:
        return self.parts[name]

    @property
    def address(self) -> str:
        return f"https://{HOST}:{self.https_port}"

    # Its life

    def __enter__(self) -> Self:
        for place in (self.logs, self.mail_folder, self.folder / "tls", self.folder / "temporary"):
            place.mkdir(parents=True, exist_ok=True)
        try:
            self._start()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _start(self) -> None:
        postgres, redis = stack.Postgres(keeps=True), stack.Redis(keeps=True)
        self.parts |= {"postgres": postgres, "redis": redis}
        for name, server in self.parts.items():
            server.start()
            (self.logs / f"{name}.log").symlink_to(server.log)
        self.variables = self._environment(postgres, redis)
        with postgres_client(postgres) as run:
            run("createdb", "logisav")
        self.manage("migrate", "--no-input", "--verbosity", "0")
        if not (Path(self.variables["STATIC_ROOT"]) / "staticfiles.json").exists():
            self.manage("collectstatic", "--no-input", "--verbosity", "0")
        self._write_proxy()
        if self.pooled:
            pool = self._pool(postgres)
            self.parts[pool.name] = pool
            pool.start()
            self.variables |= {
                "DATABASE_URL": f"postgresql://logisav@127.0.0.1:{pool.port}/logisav",
                "DATABASE_POOLED": "1",
            }
        programs = [
            self._mail_server(),
            self._web(),
            *map(self._worker, LANES),
            self._schedule(),
            self._proxy(),
        ]
        for part in programs:
            self.parts[part.name] = part
            part.begin()
        for part in programs:
            part.wait_until_it_answers()

    def _end(self) -> None:
        """The last one first; who does not go is made to."""
        for part in reversed(self.parts.values()):
            part.kill()
            part.remove()

    def _environment(self, postgres: stack.Postgres, redis: stack.Redis) -> dict[str, str]:
        made = environment.variables(
            self.folder, database_url=postgres.url(), broker_url=redis.url(0), cache_url=redis.url(1)
        )
        real = {
            "SITE_URL": self.address,
            "ALLOWED_HOSTS": HOST,
            "TRUSTED_PROXY_COUNT": "1",
            "EMAIL_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "STATIC_ROOT": os.environ.get("STATIC_ROOT", str(self.folder / "static")),
            "LOG_LEVEL": "INFO",
            "PYTHONUNBUFFERED": "1",
        }
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        return kept | made | real | self.given

    def manage(self, *arguments: str) -> str:
        """A command of manage.py, as an operator gives it; what it says."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            env=self.variables,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"manage.py {arguments}\n{done.stdout}{done.stderr}")
        return done.stdout

    # Its parts

    def _part(self, name: str, command: list[str], answers: Callable[[Part], bool]) -> Part:
        return Part(name, command, log=self.logs / f"{name}.log", variables=self.variables, answers=answers)

    def _pool(self, postgres: stack.Postgres) -> Part:
        """Debian's PgBouncer, by transactions."""
        part = self._part("pool", [], lambda part: part.has_said("process up"))
        part.words = ["pgbouncer", str(part.folder / "pgbouncer.ini")]
        (part.folder / "users").write_text('"logisav" ""\n')
        (part.folder / "pgbouncer.ini").write_text(
            f"[databases]\nlogisav = host=127.0.0.1 port={postgres.port}\n"
            f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {part.port}\nunix_socket_dir =\n"
            f"auth_type = trust\nauth_file = {part.folder}/users\n"
            "pool_mode = transaction\nmax_client_conn = 200\ndefault_pool_size = 10\n"
            "query_wait_timeout = 10\nserver_connect_timeout = 5\nserver_login_retry = 2\n"
        )
        if os.geteuid() == 0:  # it refuses root
            part.user = "postgres"
            shutil.chown(part.folder, "postgres")
        return part

    def _mail_server(self) -> Part:
        command = [sys.executable, "-m", "demo.catcher", str(self.smtp_port), str(self.mail_folder)]
        return self._part("smtp", command, lambda _: processes.greets(self.smtp_port))

    def _web(self) -> Part:
        here = ["-b", f"127.0.0.1:{self.web_port}", "--workers", str(self.web_workers)]
        command = [*command_of("logisav-web.service"), *here]
        return self._part("web", command, lambda _: self._web_is_well())

    def _web_is_well(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self.web_port, timeout=5)
        try:
            connection.request("GET", "/healthz", headers={"Host": HOST})
            return connection.getresponse().status == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    def _worker(self, lane: str) -> Part:
        command = command_of("logisav-worker@.service", instance=lane)
        return self._part(f"worker-{lane}", command, lambda part: part.has_said(" ready."))

    def _schedule(self) -> Part:
        note = self.folder / "schedule.ready"
        command = [*command_of("logisav-schedule.service"), "--note", str(note)]
        return self._part("schedule", command, lambda _: note.exists())

    def _proxy(self) -> Part:
        command = [find_nginx(), "-c", str(self.folder / "nginx.conf"), "-p", str(self.folder)]
        part = self._part("nginx", command, lambda _: self._is_open())
        part.stop_signal = signal.SIGTERM
        return part

    def _is_open(self) -> bool:
        try:
            return self.get("/healthz")[0].status in {200, 429}
        except OSError:
            return False

    def _write_proxy(self) -> None:
        write_certificate(self.folder / "tls")
        (self.folder / "site.conf").write_text(self._site((DEPLOY / "nginx.conf").read_text()))
        main = MAIN.format(
            folder=self.folder,
            user="user root;" if os.geteuid() == 0 else "",
            temporary=" ".join(f"{name}_temp_path {self.folder}/temporary/{name};" for name in TEMPORARY),
        )
        (self.folder / "nginx.conf").write_text(main)

    def _site(self, text: str) -> str:
        """The file of deploy/, with the places that belong to this installation."""
        text = re.sub(r"(?m)^ *listen \[::\].*\n", "", text)
        text = re.sub(r"\blisten 80\b", f"listen 127.0.0.1:{self.http_port}", text)
        text = re.sub(r"\blisten 443\b", f"listen 127.0.0.1:{self.https_port}", text)
        text = text.replace("https://devis.exemple.fr", self.address).replace("devis.exemple.fr", HOST)
        places = {
            "127.0.0.1:8000": f"127.0.0.1:{self.web_port}",
            "/etc/logisav/tls/": f"{self.folder}/tls/",
            "/var/log/nginx/": f"{self.logs}/nginx.",
            "/var/lib/logisav/static/": f"{self.variables['STATIC_ROOT']}/",
            "/var/www/acme": f"{self.folder}/acme",
        }
        for place, here in places.items():
            text = text.replace(place, here)
        return text if self.limited else re.sub(r"(?m)^ *limit_(req|conn) .*\n", "", text)

    # What it answers and holds

    def get(
        self, path: str, *, method: str = "GET", host: str = "", body: bytes = b"", **headers: str
    ) -> tuple[HTTPResponse, bytes]:
        """One request over TLS, no redirect followed; `X_Forwarded_For="…"` names a header."""
        with self.connection() as connection:
            connection.putrequest(method, path, skip_host=True)
            connection.putheader("Host", host or f"{HOST}:{self.https_port}")
            if body:
                connection.putheader("Content-Length", str(len(body)))
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            connection.endheaders()
            with contextlib.suppress(ConnectionError, ssl.SSLError):  # refused before it was all sent
                connection.send(body)
            response = connection.getresponse()
            return response, response.read()

    @contextlib.contextmanager
    def connection(self, *, seconds: float = 30) -> Iterator[http.client.HTTPSConnection]:
        trusting = ssl.create_default_context(cafile=str(self.folder / "tls" / "fullchain.pem"))
        made = http.client.HTTPSConnection(HOST, self.https_port, context=trusting, timeout=seconds)
        # `localhost` may be ::1 first, where nothing of ours listens.
        plain = socket.create_connection(("127.0.0.1", self.https_port), timeout=seconds)
        made.sock = trusting.wrap_socket(plain, server_hostname=HOST)
        try:
            yield made
        finally:
            made.close()

    def mails(self) -> list[mailbox.CaughtMail]:
        """Newest first."""
        return mailbox.mails(self.mail_folder)

    def dump(self) -> str:
        """The database as an operator would save it."""
        postgres = self.parts["postgres"]
        assert isinstance(postgres, stack.Postgres)
        with postgres_client(postgres) as run:
            return run("pg_dump", "--rows-per-insert=1", "logisav")

    def log_texts(self) -> dict[str, str]:
        """What every part has written down, servers of others too."""
        return {path.name: path.read_text(errors="replace") for path in sorted(self.logs.iterdir())}

    def kept_texts(self) -> dict[str, str]:
        """Everything that the installation keeps: all logs, the database with its stored mails, documents, the broker's
        file and whatever else lies in its folder. Not the mailboxes, which are the customers' own.
        """
        kept = {}
        for path in sorted(self.folder.rglob("*")):
            place = path.relative_to(self.folder)
            if path.is_file() and place.parts[0] not in ("mails", "static", "logs"):
                kept[str(place)] = path.read_text(errors="replace")
        broker = [path for path in self.parts["redis"].folder.rglob("*") if path.is_file()]
        kept |= {f"broker {path.name}": path.read_text(errors="replace") for path in broker}
        return kept | self.log_texts() | {"database": self.dump()}


def command_of(unit: str, *, instance: str = "") -> list[str]:
    """The command line of a unit of deploy/, run from this checkout."""
    text = (DEPLOY / "systemd" / unit).read_text()
    line = re.search(r"(?m)^ExecStart=(.+)$", text)
    assert line, f"{unit} starts nothing"
    words = shlex.split(line[1].replace("%i", instance).replace("%%", "%"))
    programs = str(Path(sys.executable).parent)
    return [word.replace("/opt/logisav/.venv/bin", programs) for word in words]


@contextlib.contextmanager
def postgres_client(postgres: stack.Postgres) -> Iterator[Callable[..., str]]:
    """Runs PostgreSQL's own programs against this server."""

    def run(program: str, *arguments: str) -> str:
        place = ["-h", "127.0.0.1", "-p", str(postgres.port), "-U", "logisav"]
        return subprocess.run(
            [str(postgres.programs / program), *place, *arguments], check=True, capture_output=True, text=True
        ).stdout

    yield run


def find_nginx() -> str:
    """The program; Debian keeps it off the PATH of most people."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise stack.MissingProgram("nginx (Debian: nginx-light)")
    return found


def write_certificate(folder: Path) -> None:
    """A key and a certificate that it signed itself, for `localhost`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(HOST), x509.IPAddress(ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "fullchain.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    (folder / "privkey.pem").write_bytes(private)
    (folder / "privkey.pem").chmod(0o600)
