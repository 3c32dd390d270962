"""The engine makes PDF/A-3b from HTML, alone with our own files, within bounds."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.utils.html import escape

from lib import printable
from lib.tests.processes import children, is_gone, memory, open_files, warm_parents
from logisav.tests.figures import sample
from quotes.pdf import engine, faces
from quotes.pdf.engine import NoPdf, RenderingFailed
from quotes.tests.documents import Server, asked, read, trap
from quotes.tests.ssrf import payloads

pytestmark = pytest.mark.sqlite

SECRET = "SECRET-OF-THE-MACHINE"
PAGE = '<!doctype html><html lang="fr"><title>Essai</title><body>{}</body></html>'
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010804000000b51c0c02"
    "0000000b4944415478da6364f80f00010501012718e3660000000049454e44ae426082"
)


def refusal(html: str, **images: bytes) -> NoPdf:
    with pytest.raises(RenderingFailed) as failed:
        engine.render(html, images=images)
    return failed.value.reason


# What comes out


def test_it_is_a_tagged_pdf_a_3b_in_french() -> None:
    document = engine.render(PAGE.format("<h1>Bonjour</h1>"))
    metadata = read(document, "pdfinfo", "-meta")
    assert 'pdfaid:part="3"' in metadata
    assert 'pdfaid:conformance="B"' in metadata
    assert "H1" in read(document, "pdfinfo", "-struct")
    assert b"/OutputIntents" in document or "Tagged:          yes" in read(document, "pdfinfo")


def test_the_same_page_gives_the_same_bytes() -> None:
    page = PAGE.format("<p>Deux fois <b>la même</b> chose 😀 ł</p>")
    assert engine.render(page) == engine.render(page)


ALPHABETS = "Łódź Ελλάδα Кириллица שלום مرحبا • ✓ ≤ ½ œ Œ 1\u202f234,50\u00a0€ 😀 🔧 🔥"


def test_every_character_of_europe_and_emoji_are_set_in_embedded_fonts() -> None:
    document = engine.render(PAGE.format(f"<p>{ALPHABETS}</p>"))
    words = read(document, "pdftotext")
    assert [word for word in ("Łódź", "Ελλάδα", "Кириллица", "✓", "😀", "🔧") if word not in words] == []
    rows = read(document, "pdffonts").splitlines()[2:]
    assert rows
    assert [row for row in rows if " yes yes yes " not in row] == []


def test_no_letter_of_these_alphabets_becomes_a_box() -> None:
    assert set(ALPHABETS) - {" "} <= faces.drawn_always()
    assert faces.needed([ALPHABETS]) == ""


SCRIPTS = {
    "小龙 李": "Han",
    "さくら": "Han",
    "김민준": "Hangul",
    "राज": "Devanagari",
    "রাজ": "Bengali",
    "ராஜ்": "Tamil",
    "สมชาย": "Thai",
}


@pytest.mark.parametrize(("name", "font"), SCRIPTS.items())
def test_a_name_in_another_script_is_set_in_a_font_that_has_it(name: str, font: str) -> None:
    """And comes with it alone: the others are not read."""
    document = engine.render(PAGE.format(f"<h1>Devis de {name}</h1><p style='font-family: Mono'>{name}</p>"))
    rows = read(document, "pdffonts").splitlines()[2:]
    assert [row for row in rows if " yes yes yes " not in row] == []
    others = set(SCRIPTS.values()) - {font}
    assert any(f"+{font} " in row for row in rows)
    assert not [row for row in rows if any(f"+{other} " in row for other in others)]
    assert name[0] in read(document, "pdftotext")


@pytest.mark.parametrize("sign", ["ሰ", "ព", "\U00012345"])
def test_a_sign_that_no_font_has_stops_the_rendering_and_is_named(sign: str) -> None:
    with pytest.raises(RenderingFailed, match=f"U\\+{ord(sign):04X}") as failed:
        engine.render(PAGE.format(f"<p>Devis {sign}</p>"))
    assert failed.value.reason is NoPdf.INCOMPLETE


def test_exactly_the_signs_of_the_fonts_are_printed() -> None:
    drawn = set().union(*(faces.signs_of(name) for name in (*faces.ALWAYS, *faces.OTHERS.values())))
    signs = [chr(place) for place in range(0x110000) if printable.is_drawn(chr(place))]
    missing = set(printable.not_printed("".join(signs)))
    assert [hex(ord(one)) for one in signs if (one in missing) == (one in drawn)] == []


def test_an_image_of_the_job_is_shown() -> None:
    document = engine.render(
        PAGE.format('<img src="image:logo" alt="Logo" width="20">'), images={"logo": PNG}
    )
    assert b"/Subtype /Image" in document or "image" in read(document, "pdfinfo", "-struct").lower()


# What is refused: better no document than one with a hole


def test_an_image_that_is_not_there_stops_the_rendering() -> None:
    assert refusal(PAGE.format('<img src="image:logo" alt="x">')) is NoPdf.REFUSED_ADDRESS


@pytest.mark.parametrize("image", [b"GIF89a", b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"%PDF-1.7", b""])
def test_an_image_of_another_kind_stops_the_rendering(image: bytes) -> None:
    assert refusal(PAGE.format('<img src="image:logo" alt="x">'), logo=image) is NoPdf.REFUSED_ADDRESS


def test_a_broken_image_stops_the_rendering() -> None:
    assert refusal(PAGE.format('<img src="image:logo" alt="x">'), logo=PNG[:40]) is NoPdf.INCOMPLETE


def test_an_image_without_words_stops_the_rendering() -> None:
    assert refusal(PAGE.format('<img src="image:logo">'), logo=PNG) is NoPdf.INCOMPLETE


# Bounds


def test_too_much_html_is_not_even_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MAX_HTML", 100)
    assert refusal(PAGE.format("x" * 100)) is NoPdf.HTML_TOO_LARGE


def test_a_rendering_without_end_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "MAX_SECONDS", 3)
    start = time.monotonic()
    assert refusal(PAGE.format("<p>mot</p>" * 200_000)) is NoPdf.TOO_SLOW
    assert time.monotonic() - start < 10


def test_memory_is_bounded(tmp_path: Path) -> None:
    code = "from quotes.pdf import weasy; weasy.bound_resources(); bytearray(weasy.MEMORY)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, check=False, env=engine.environment(str(tmp_path)))
    assert done.returncode == 1
    assert b"MemoryError" in done.stderr


def test_renderer_and_document_die_with_the_worker(tmp_path: Path) -> None:
    code = "from quotes.pdf import engine; engine.render('<html lang=fr>' + '<p>mot</p>' * 200000)"
    worker = subprocess.Popen([sys.executable, "-c", code], env=engine.environment(str(tmp_path)))
    (renderer,) = _wait_for_child(worker.pid)
    (document,) = _wait_for_child(renderer)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    assert is_gone(document)
    assert is_gone(renderer)


def _wait_for_child(parent: int) -> list[int]:
    for _ in range(400):
        if found := children(parent):
            return found
        time.sleep(0.05)
    raise AssertionError("no child was started")


# The renderer stays warm, its documents come and go


def renderer() -> int:
    """The process of the renderer, started if it was not."""
    engine.render(PAGE.format("x"))
    (pid,) = warm_parents("quotes.pdf.weasy")
    return pid


def test_a_warm_renderer_makes_the_bytes_of_a_cold_one(tmp_path: Path) -> None:
    """Whatever it rendered before: a damaged file is rendered anew, and must be the same."""
    page = PAGE.format(f'<h1>Devis</h1><p>{ALPHABETS}</p><img src="image:logo" alt="Logo" width="20">')
    cold = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", COLD],
        input=page.encode(),
        capture_output=True,
        check=True,
        env=engine.environment(str(tmp_path)),
    ).stdout
    engine.render(PAGE.format(f"<style>p {{ font-weight: bold }}</style><p lang='he'>{ALPHABETS[::-1]}</p>"))
    refusal(PAGE.format('<img src="image:logo" alt="x">'))
    first = renderer()
    assert engine.render(page, images={"logo": PNG}) == cold
    os.kill(first, signal.SIGKILL)
    assert engine.render(page, images={"logo": PNG}) == cold
    assert renderer() != first


COLD = f"""
import sys
from quotes.pdf import weasy
complaints = weasy.Complaints()
page = sys.stdin.read()
sys.stdout.buffer.write(weasy.render(page, images={{"logo": {PNG!r}}}, complaints=complaints))
"""


def test_the_renderer_outlives_a_document_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    before = renderer()
    with monkeypatch.context() as hurried:
        hurried.setattr(engine, "MAX_SECONDS", 1)
        assert refusal(PAGE.format("<p>mot</p>" * 200_000)) is NoPdf.TOO_SLOW
    assert children(before) == []
    assert renderer() == before


def test_the_renderer_has_opened_no_document_and_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", SECRET)
    for pid in warm_parents("quotes.pdf.weasy"):
        os.kill(pid, signal.SIGKILL)
    pid = renderer()
    engine.render(PAGE.format("CE-QUE-DIT-UN-CLIENT"))
    assert open_files(pid) == ["/memfd", "/memfd", "socket"]
    assert len(list(Path(f"/proc/{pid}/task").iterdir())) == 1
    assert " rw-s" not in Path(f"/proc/{pid}/maps").read_text()
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    assert SECRET.encode() not in environment
    assert {line.split(b"=")[0] for line in environment.split(b"\0") if line} == {
        name.encode() for name in engine.environment("")
    }
    assert not any(b"CE-QUE-DIT-UN-CLIENT" in piece for piece in memory(pid))


def test_the_child_is_told_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SECRET_KEY", SECRET)
    assert SECRET not in str(engine.environment(str(tmp_path)))
    assert "SEAL_PASSPHRASE" not in engine.environment(str(tmp_path))


def test_the_child_knows_no_django_and_the_parent_no_renderer(tmp_path: Path) -> None:
    code = "import sys, {0}; assert not [m for m in sys.modules if m.split('.')[0] == '{1}']"
    for module, stranger in (("quotes.pdf.weasy", "django"), ("quotes.pdf.engine", "weasyprint")):
        command = [sys.executable, "-W", "ignore", "-c", code.format(module, stranger)]
        subprocess.run(command, check=True, env=engine.environment(str(tmp_path)))


# No network, no file


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    yield server
    server.server.shutdown()
    server.server.server_close()


@pytest.fixture
def hostile(server: Server, tmp_path: Path) -> list[str]:
    secret = tmp_path / "secret.txt"
    secret.write_text(SECRET)
    return payloads(web=server.address, file=secret)


def test_hostile_pages_reach_neither_network_nor_disk(
    server: Server, hostile: list[str], tmp_path: Path, figure: Callable[[str, str], None]
) -> None:
    results = trap([PAGE.format(payload) for payload in hostile], mode="engine", scratch=tmp_path)
    assert len(results) >= 60
    assert asked(results) == []
    assert server.hits == 0
    assert {"refused"} < {result["outcome"] for result in results}
    refused = sum(result["outcome"] == "refused" for result in results)
    figure("ssrf raw", f"{len(results)} pages, {refused} refused, 0 sockets, 0 opens outside")


def test_hostile_texts_escaped_as_templates_do_are_only_text(
    server: Server, hostile: list[str], tmp_path: Path
) -> None:
    texts = [f"<p>{escape(text)}</p>" for text in hostile]
    pages = [PAGE.format("".join(texts[start : start + 8])) for start in range(0, len(texts), 8)]
    results = trap(pages, mode="engine", scratch=tmp_path)
    assert asked(results) == []
    assert server.hits == 0
    assert {result["outcome"] for result in results} == {"rendered"}


def test_the_trap_works(server: Server, hostile: list[str], tmp_path: Path) -> None:
    """Control: WeasyPrint as it comes opens the secret and calls the server, and both are noticed."""
    some = hostile[:: sample(3, 1)]
    seen = asked(trap([PAGE.format(payload) for payload in some], mode="bare", scratch=tmp_path))
    assert "socket.connect" in seen
    assert any(event.endswith("secret.txt") for event in seen)
    assert server.hits >= 5


def test_the_shut_doors_hold_without_the_fetcher(server: Server, hostile: list[str], tmp_path: Path) -> None:
    """Second wall: with WeasyPrint's own fetcher the attempts are seen, and none gets through."""
    some = hostile[:: sample(3, 1)]
    results = trap([PAGE.format(payload) for payload in some], mode="doors", scratch=tmp_path)
    assert asked(results)
    assert "socket.connect" not in asked(results)
    assert server.hits == 0
