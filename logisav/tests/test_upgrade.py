"""An installation filled by an earlier version goes on with this one: nothing is lost, nothing changes its name.

What is kept of each (see installations/v1/README.txt) is put back, migrated by a command of today, and asked.
"""

from __future__ import annotations

import collections
import datetime as dt
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pypdfium2
import pytest

from logisav.tests import plugin
from logisav.tests.installations import restoring
from notifications.tests import smtp

COUNTERS = {"logisav_logintry", "signing_checktry"}  # one limiter has a table of its own
KEPT = Path(__file__).parent / "installations"
LINK = re.compile(r"https://devis\.thermo-rhone\.example(/(?:l|invitation)/[\w-]{43}/)")
CODE = re.compile(r"^ {4}(\d{3})\u00a0(\d{3})$", re.MULTILINE)
SECRET = re.compile(r"•+")


@dataclass
class Installation:
    """One that was kept, put back and migrated. `known` is what was written down of it when it was kept."""

    kept: Path
    variables: dict[str, str]
    known: dict[str, Any]

    def then(self, *commands: str, seconds: int = 60, **variables: str) -> str:
        """What management commands say, so many seconds after the installation was kept."""
        return self._ran("-m", "logisav.tests.installations.then", self._at(seconds), *commands, **variables)

    def look(
        self, view: str, *, seconds: int = 60, variables: dict[str, str] | None = None, **typed: Any
    ) -> Any:
        command = ("-m", "logisav.tests.installations.look", self._at(seconds), view)
        return json.loads(self._ran(*command, typed=json.dumps(typed), **(variables or {})))

    def _at(self, seconds: int) -> str:
        return (dt.datetime.fromisoformat(self.known["at"]) + dt.timedelta(seconds=seconds)).isoformat()

    def _ran(self, *command: str, typed: str = "", **variables: str) -> str:
        done = restoring.run(*command, variables=self.variables | variables, typed=typed)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
        return str(done.stdout)


@pytest.fixture(scope="module", params=["v1"])
def installation(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Installation]:
    kept = KEPT / request.param
    known = json.loads((kept / "known.json").read_text())
    folder = tmp_path_factory.mktemp("installation")
    with restoring.restored(kept, folder, on_postgres=plugin.STACK == "postgres") as variables:
        migrated = restoring.run("manage.py", "migrate", "--no-input", variables=variables)
        assert migrated.returncode == 0, migrated.stderr
        yield Installation(kept, variables, known)


def test_everything_is_there_as_it_was(installation: Installation) -> None:
    was, now = installation.known["facts"], installation.look("facts")
    assert set(was["tables"]) - COUNTERS <= set(now["tables"])
    assert {tuple(one) for one in was["permissions"]} <= {tuple(one) for one in now["permissions"]}
    of_then = {".".join(one) for one in was["permissions"]}
    assert {name: set(may) & of_then for name, may in now["people"].items()} == {
        name: set(may) for name, may in was["people"].items()
    }
    for subject in ("quotes", "sealed", "mails"):
        assert now[subject] == was[subject]
    # More of Django's own with each model that is added; counts of askings last an hour.
    # Browsers' sessions moved to a table without keys.
    left_out = {"auth.Permission", "contenttypes.ContentType", "logisav.LoginTry", "signing.CheckTry"}
    left_out |= {"sessions.Session"}
    assert {label: now["rows"].get(label) for label in was["rows"].keys() - left_out} == {
        label: rows for label, rows in was["rows"].items() if label not in left_out
    }


def test_its_evidence_is_judged_as_it_was(installation: Installation) -> None:
    said = installation.then(
        "verify_evidence", "refresh_lists", "check --fail-level WARNING", "makemigrations --check --dry-run"
    )
    known = installation.known["verify_evidence"] + installation.known["refresh_lists"].splitlines()
    assert said.splitlines()[: len(known)] == known


def test_what_was_sealed_is_genuine_and_reads_as_it_did(installation: Installation) -> None:
    known = installation.known["sealed"]
    document = Path(installation.variables["MEDIA_ROOT"], known["file"])
    verdict = json.loads(installation.then(f"verify_pdf {document}"))
    assert verdict == known["verdict"]
    assert text_of(document.read_bytes()) == known["text"]
    assert json.loads(attached(document.read_bytes(), "preuve.json")) == known["proof"]
    pieces = installation.look("proof", number=known["number"])
    assert {name: pieces.get(name) for name in known["pieces"]} == known["pieces"]


def test_its_addresses_answer_as_they_did(installation: Installation) -> None:
    known = installation.known
    now = installation.look("pages", links=known["links"], desk=known["desk"])
    assert {path: status for path, status in now["desk"].items() if status != 200} == {}
    assert now["strangers"] == known["strangers"]
    for number, (link, status, words) in known["customers"].items():
        *answers, page = now["customers"][number]
        assert answers == [link, status], number
        assert [word for word in words if word not in page] == [], number


def test_what_waited_is_done(installation: Installation) -> None:
    known = installation.known
    with smtp.running() as post, stripe_of_then(installation.kept) as stripe:
        outside = {"EMAIL_URL": f"smtp://127.0.0.1:{post.port}", "STRIPE_API_URL": stripe}
        messages = installation.look("work", seconds=61, variables=outside, queue=restoring.QUEUE)
        assert set(messages) >= set(known["tasks"])
        installation.then("sweep", "sweep", seconds=62, **outside)
    mails = {str(mail["Message-ID"]): mail for mail in post.accepted}
    assert max(collections.Counter(str(mail["Message-ID"]) for mail in post.accepted).values()) == 1
    sent_to = {name: address_of(mails[name]) for name in known["waiting"] if name in mails}
    assert sent_to == known["waiting"]
    words = {name: smtp.part(mail, "plain") for name, mail in mails.items()}
    assert [name for name in known["waiting"] if SECRET.search(words[name])] == []
    assert [mail for mail in known["sent when done"] if mail not in map(address_of, post.accepted)] == []

    links = [path for name in known["secret"]["links"] for path in LINK.findall(words[name])]
    assert len(links) == len(known["secret"]["links"])
    (code,) = (found for name in known["secret"]["codes"] for found in CODE.findall(words[name]))
    seen = installation.look(
        "follow",
        seconds=70,
        links=links,
        code="".join(code),
        customer=known["browsers"]["customer"],
        second_factor=known["second_factor"],
    )
    assert {path: found for path, found in seen["links"].items() if found != [302, 200]} == {}
    assert seen["code page"] == 200
    assert seen["signed"] == [302, 200]
    assert seen["state"] == "accepted"
    assert seen["desk"] == [302, 302, 200]

    after = installation.look("facts", seconds=71)
    number = known["seal waits"]["number"]
    (file,) = (name for name, document in after["sealed"].items() if document[0] == number)
    sealed = Path(installation.variables["MEDIA_ROOT"], file)
    assert json.loads(installation.then(f"verify_pdf {sealed}", seconds=71))["genuine"]
    read = Path(installation.variables["MEDIA_ROOT"], known["seal waits"]["read"]).read_bytes()
    assert hashlib.sha256(read).hexdigest() == known["seal waits"]["read_sha256"]
    assert sealed.read_bytes().startswith(read)
    proof = json.loads(attached(sealed.read_bytes(), "preuve.json"))
    assert {name: proof[name] for name in known["seal waits"]["proof"]} == known["seal waits"]["proof"]
    certificate = "".join(text_of(sealed.read_bytes()).split())
    assert [word for word in known["seal waits"]["words"] if word not in certificate] == []
    states = {number: after["quotes"][number]["state"] for number in known["states when done"]}
    assert states == known["states when done"]
    deposits = {number: after["quotes"][number]["deposit"] for number in known["deposits when done"]}
    assert deposits == known["deposits when done"]
    assert [
        line for line in installation.then("verify_evidence", seconds=72).splitlines() if "intact" in line
    ] == [known["verify_evidence"][-1]]


def address_of(mail: EmailMessage) -> list[str]:
    """To whom, and the subject with plain spaces, however it was folded on its way."""
    return [str(mail["To"]), " ".join(str(mail["Subject"]).split())]


def text_of(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_bounded() for page in document)


def attached(pdf: bytes, name: str) -> bytes:
    document = pypdfium2.PdfDocument(pdf)
    files = [document.get_attachment(number) for number in range(document.count_attachments())]
    (found,) = (file for file in files if file.get_name() == name)
    return bytes(found.get_data())


@contextmanager
def stripe_of_then(kept: Path) -> Iterator[str]:
    """It answers what it answered then, and knows nothing else."""
    answers = json.loads((kept / "stripe.json").read_text())

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            unknown = {
                "status": 404,
                "body": {"error": {"message": "unknown", "type": "invalid_request_error"}},
            }
            answer = answers.get(f"{self.command} {urlsplit(self.path).path}", unknown)
            body = json.dumps(answer["body"]).encode()
            self.send_response(answer["status"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *said: object) -> None:  # noqa: A002 - http.server's name
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
