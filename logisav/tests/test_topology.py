"""A real installation, as docs/operations.md builds it: what is seen of it from outside, and what it writes down."""

from __future__ import annotations

import http.client
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from demo.mailbox import CaughtMail
from logisav.tests import test_journey
from logisav.tests.stack import MissingProgram
from logisav.tests.topology import HOST, Topology, find_nginx

pytestmark = [pytest.mark.browser, pytest.mark.postgres]

FORGED = "203.0.113.77"
PATIENCE = 60  # seconds; rendering and sealing, on a machine that does other things
MEGABYTE = 1024 * 1024
TOKEN = re.compile(r"/(?:l|invitation)/([\w-]{43})/")
CODE = re.compile(r"^ {4}(\d{3})\s(\d{3})\s*$", re.MULTILINE)
PLACES = {
    "broker", "database", "media", "nginx.log", "nginx.logisav.access.log", "nginx.logisav.error.log", "postgres.log",
    "redis.log", "schedule.log", "smtp.log", "web.log", "worker-logisav.log", "worker-payments.log",
    "worker-urgent.log", "worker-work.log",
}  # fmt: skip
SEND_A_QUOTE = """
from quotes import workflow
from quotes.tests.factories import SYSTEM, make_customer, make_quote
quote = make_quote(customer=make_customer(first_name="Camille", last_name="Durand"))
workflow.send(quote.pk, actor=SYSTEM)
print(quote.number)
"""


@pytest.fixture(scope="module")
def topology(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Topology]:
    try:
        find_nginx()
    except MissingProgram as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"needs {missing}")
    # LOGISAV_TEST_POOLED=1: the same behind PgBouncer.
    pooled = bool(os.environ.get("LOGISAV_TEST_POOLED"))
    with Topology(tmp_path_factory.mktemp("topology"), pooled=pooled) as topology:
        yield topology


def eventually(found: Callable[[], CaughtMail | None]) -> CaughtMail:
    end = time.monotonic() + PATIENCE
    while (mail := found()) is None:
        assert time.monotonic() < end, "no such mail"
        time.sleep(0.1)
    return mail


class Visitor(test_journey.Customer):
    """A customer whose mail arrives in the folder of the topology's mail server."""

    def __init__(self, page: Page, topology: Topology, *, number: str) -> None:
        super().__init__(page, topology.address, number=number)
        self.topology = topology

    def receive(self, subject: str) -> CaughtMail:
        return eventually(
            lambda: next((mail for mail in self.topology.mails() if mail.subject == subject), None)
        )

    def open_the_link(self) -> None:
        link = re.search(
            rf"{re.escape(self.address)}/l/[\w-]+/", self.receive(f"Votre devis {self.number}").text
        )
        assert link
        self.page.goto(link[0])
        self.page.wait_for_url("**/devis/*/")

    def sign(self) -> None:
        code = CODE.search(self.receive(f"Votre code pour signer le devis {self.number}").text)
        assert code
        self.page.get_by_label("Code à 6 chiffres").fill(code[1] + code[2])
        self._button("Signer – commande avec obligation de paiement").click()
        self._sees(self._heading(re.compile("Devis accepté le")))

    def take_the_signed_pdf(self, folder: Path) -> Path:
        subject = f"Votre devis {self.number} est accepté"
        eventually(
            lambda: next(
                (one for one in self.topology.mails() if one.subject == subject and one.attachments), None
            )
        )
        self.page.reload()
        with self.page.expect_download() as download:
            self.page.get_by_role("link", name=re.compile(r"\.pdf|PDF|signé")).first.click()
        file = folder / "signed.pdf"
        download.value.save_as(file)
        return file


def test_headers_and_pages_are_those_of_production(topology: Topology) -> None:
    response, page = topology.get("/signature-electronique/")
    assert response.status == 200
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert response.headers.get_all("Strict-Transport-Security") == [
        response.headers["Strict-Transport-Security"]
    ]
    assert response.headers["Server"] == "nginx"
    response, page = topology.get("/il-n-y-a-rien/")
    assert response.status == 404
    assert b"urlpatterns" not in page
    assert "Django" not in page.decode()


def test_nginx_serves_static_files_and_no_others(topology: Topology) -> None:
    _, page = topology.get("/signature-electronique/")
    style = re.search(r'href="(/static/logisav\.[0-9a-f]{12}\.css)"', page.decode())
    assert style
    before = topology.log_texts()["web.log"].count("/static/")
    response, body = topology.get(style[1])
    assert response.status == 200
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert body
    assert topology.log_texts()["web.log"].count("/static/") == before
    assert topology.get("/static/%2e%2e/site.conf")[0].status == 404
    assert topology.get("/static../site.conf")[0].status == 404
    assert topology.get("/media/versions/")[0].status == 404


def test_an_unknown_host_gets_no_answer(topology: Topology) -> None:
    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        topology.get("/", host="elsewhere.example")
    trusting = ssl.create_default_context(cafile=str(topology.folder / "tls" / "fullchain.pem"))
    with socket.create_connection(("127.0.0.1", topology.https_port)) as plain, pytest.raises(ssl.SSLError):
        trusting.wrap_socket(plain, server_hostname="elsewhere.example")
    with socket.create_connection(("127.0.0.1", topology.http_port)) as plain:
        plain.sendall(b"GET / HTTP/1.0\r\nHost: elsewhere.example\r\n\r\n")
        assert plain.recv(100) == b""


def test_plain_http_leads_to_https(topology: Topology) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", topology.http_port)
    connection.request("GET", "/verifier/", headers={"Host": HOST})
    response = connection.getresponse()
    assert (response.status, response.headers["Location"]) == (301, f"{topology.address}/verifier/")
    connection.close()


def test_figures_of_the_machine_are_not_for_visitors(topology: Topology) -> None:
    assert {topology.get(path)[0].status for path in ("/metrics", "/metrics/", "/metrics?x")} == {404}


@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/stripe/webhook/", MEGABYTE + 1, 413),
        ("/admin/login/", 8 * MEGABYTE + 1, 413),
        ("/admin/quotes/quote/1/photos/", 9 * MEGABYTE, 403),  # likewise
        ("/admin/quotes/quote/1/photos/", 64 * MEGABYTE + 1, 413),
        ("/verifier/", 11 * MEGABYTE + 1, 413),
        ("/verifier/", 10 * MEGABYTE, 403),  # it reaches the product, which asks for its token
        ("/stripe/webhook/", MEGABYTE // 2, 400),
    ],
)
def test_a_body_is_as_large_as_its_page_needs(topology: Topology, path: str, size: int, status: int) -> None:
    response, page = topology.get(path, method="POST", body=b"x" * size)
    assert response.status == status
    assert status != 413 or "trop lourd" in page.decode()


def test_what_a_visitor_says_of_the_way_is_not_believed(topology: Topology) -> None:
    """One address is counted, whatever it calls itself: the door closes on the sixth."""
    for attempt in range(7):
        response, page = topology.get(
            "/admin/login/",
            X_Forwarded_For=f"198.51.100.{attempt}",
            X_Forwarded_Host="elsewhere.example",
            X_Forwarded_Proto="http",
            X_Forwarded_Protocol="ssl",
            X_Forwarded_Ssl="on",
            Forwarded="for=198.51.100.1",
        )
        assert response.status == 200, page
        assert "elsewhere.example" not in page.decode()
    log = topology.log_texts()["web.log"]
    assert "198.51.100." not in log
    assert "127.0.0.1 GET /admin/login/ 200" in log


def test_each_part_can_be_lost_and_comes_back(topology: Topology) -> None:
    page = "/readyz"
    topology["redis"].kill()
    assert topology.get(page)[0].status == 200
    topology["redis"].start()
    topology["postgres"].kill()
    assert topology.get(page)[0].status == 503
    topology["postgres"].start()
    topology["web"].pause()
    topology["web"].resume()
    topology["worker-urgent"].kill()
    topology["worker-urgent"].start()
    topology["nginx"].stop()
    topology["nginx"].start()
    assert topology.get(page)[0].status == 200


def test_a_key_in_a_log_would_be_found() -> None:
    assert holds("GET /l/abc/ 200", {"abc"}, set())
    assert holds("code 418\u00a0205", set(), {"418205"})
    assert not holds("12:00:01.418205+00 a418205", set(), {"418205"})


# The last one: it floods the doors, which stay narrow for a while.
def test_a_quote_is_read_asked_about_and_signed_and_no_key_is_written_down(
    topology: Topology, chromium: Browser, tmp_path: Path
) -> None:
    number = topology.manage("shell", "-v", "0", "-c", SEND_A_QUOTE).strip()
    context = chromium.new_context(
        ignore_https_errors=True, locale="fr-FR", extra_http_headers={"X-Forwarded-For": FORGED}
    )
    visitor = Visitor(context.new_page(), topology, number=number)
    visitor.open_the_link()
    visitor.ask()
    visitor.fill_in_the_form()
    visitor.sign()
    signed = visitor.take_the_signed_pdf(tmp_path)
    cookies = {cookie["name"]: cookie for cookie in context.cookies()}
    context.close()

    topology.manage("verify_pdf", str(signed))
    assert all(name.startswith("__Host-") and cookie["secure"] for name, cookie in cookies.items()), cookies
    assert cookies
    token = TOKEN.search(visitor.receive(f"Votre devis {number}").text)
    assert token
    knock_where_nobody_answers(topology, f"/l/{token[1]}/")

    tokens, codes = keys_of(topology.mails())
    assert tokens
    assert codes
    tokens |= {cookie["value"] for cookie in cookies.values()}
    places = topology.kept_texts()
    assert {re.sub(r"[/ ].*", "", name) for name in places} >= PLACES
    # The mail store is part of it: the code's mail as it is kept, with dots in its place.
    assert re.search(rf"Votre code pour signer le devis {number}[^\n]*\n[^;]*••••••", places["database"])
    assert [name for name, text in places.items() if holds(text, tokens, codes)] == []
    assert FORGED not in places["database"]
    assert "127.0.0.1" in places["database"]
    assert "/devis/" in places["nginx.logisav.access.log"]


def knock_where_nobody_answers(topology: Topology, path: str) -> None:
    """What makes nginx complain of an address, with the whole of it: an application that is away, a flood."""
    topology["web"].kill()
    assert topology.get(path)[0].status == 502
    topology["web"].start()
    assert {topology.get(path)[0].status for _ in range(60)} >= {429}


def keys_of(mails: list[CaughtMail]) -> tuple[set[str], set[str]]:
    texts = [mail.text for mail in mails]
    tokens = {token for text in texts for token in TOKEN.findall(text)}
    return tokens, {first + last for text in texts for first, last in CODE.findall(text)}


def holds(text: str, tokens: set[str], codes: set[str]) -> bool:
    """A code by itself: six digits may also be the end of a time or of a hash."""
    found = any(token in text for token in tokens)
    return found or any(re.search(rf"(?<![\w.]){one[:3]}[\s\u00a0]?{one[3:]}(?!\w)", text) for one in codes)
