"""The PDF engine, a process of its own: `python -m quotes.pdf.weasy`, a JSON job in, a PDF out (see engine.py).

What is imported here is warm (see lib/warm.py): each job meets it in a fork of its own. The only module that imports
WeasyPrint, and the only place where a customer's text meets a renderer. Two walls stand between that text and the
machine: the fetcher serves our own stylesheets, fonts and the job's images, nothing else; and should anything get
around it, the interpreter itself refuses sockets, processes and files outside (an audit hook cannot be taken off
again). A refused address stops the rendering: a document that asks for something foreign is not one of ours.
"""

from __future__ import annotations

import base64
import json
import logging
import os
import resource
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import FatalURLFetchingError, URLFetcherResponse

from lib import warm
from quotes.pdf import faces
from quotes.pdf.engine import MAX_PDF, MAX_SECONDS, MEGABYTE, STATIC, Exit

MEMORY = 1536 * MEGABYTE
OPEN_FILES = 64
FACES = "asset:pdf/fonts.css"
ASSET_TYPES = {".css": "text/css", ".woff2": "font/woff2", ".ttf": "font/ttf"}
IMAGE_TYPES = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}
FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.spawn", "os.system")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class Fetcher:
    """Answers `asset:FOLDER/FILE` (static/pdf, static/fonts) and `image:NAME` (the job's), and nothing else."""

    def __init__(self, images: Mapping[str, bytes]) -> None:
        self._images = images
        self._assets = dict(_assets())
        self._fail_on_errors = True  # read by WeasyPrint: no document with a hole in it

    def __call__(self, url: str) -> URLFetcherResponse:
        scheme, _, name = url.partition(":")
        if scheme == "asset" and name in self._assets:
            return _response(url, self._assets[name].read_bytes(), ASSET_TYPES[self._assets[name].suffix])
        if scheme == "image" and name in self._images:
            return _response(url, self._images[name], _image_type(self._images[name]))
        raise FatalURLFetchingError(f"refused address {url[:200]!r}")


def _assets() -> Iterator[tuple[str, Path]]:
    for folder in ("pdf", "fonts"):
        for path in (STATIC / folder).iterdir():
            if path.suffix in ASSET_TYPES:
                yield f"{folder}/{path.name}", path


def _image_type(data: bytes) -> str:
    for start, mime in IMAGE_TYPES.items():
        if data.startswith(start):
            return mime
    raise FatalURLFetchingError("refused image: neither PNG nor JPEG")


def _response(url: str, body: bytes, mime: str) -> URLFetcherResponse:
    return URLFetcherResponse(url, body, {"Content-Type": mime})


class Complaints(logging.Handler):
    """What WeasyPrint could not do as asked: better no document than one without its logo or its tags."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


def bound_resources() -> None:
    """Limits of the kernel."""
    resource.setrlimit(resource.RLIMIT_CPU, (MAX_SECONDS, MAX_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_FSIZE, (MAX_PDF, MAX_PDF))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def shut_doors() -> None:
    """From here on: no socket, no process, and no file but installed code and our static files."""
    code = {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    scratch = _inside(tempfile.gettempdir())
    readable = (scratch, *map(_inside, code), _inside(STATIC / "pdf"), _inside(STATIC / "fonts"))

    def guard(event: str, arguments: tuple[Any, ...]) -> None:
        if event.startswith(FORBIDDEN):
            raise PermissionError(f"{event} is refused here")
        if event == "open" and not isinstance(arguments[0], int):
            allowed = (scratch,) if (arguments[2] or 0) & WRITING else readable
            if not os.path.realpath(os.fsdecode(arguments[0])).startswith(allowed):
                raise PermissionError(f"{arguments[0]!r} is refused here")

    sys.addaudithook(guard)


def _inside(folder: str | Path) -> str:
    return os.path.realpath(folder) + os.sep


def render(html: str, *, images: Mapping[str, bytes], complaints: Complaints) -> bytes:
    """PDF/A-3b with the tags that PDF/UA asks for, byte for byte the same for the same job."""
    logging.getLogger("weasyprint").addHandler(complaints)
    fetcher, fonts = Fetcher(images), FontConfiguration()
    page = HTML(string=html, url_fetcher=fetcher)
    sheets = [CSS(url=FACES, url_fetcher=fetcher, font_config=fonts)]
    if others := faces.needed(_words(page)):
        sheets.append(CSS(string=others, url_fetcher=fetcher, font_config=fonts))
    pdf = page.write_pdf(stylesheets=sheets, font_config=fonts, pdf_variant="pdf/a-3b", pdf_tags=True)
    return bytes(pdf)


def _words(page: HTML) -> Iterator[str]:
    """What is set in type, the descriptions of pictures among it."""
    for element in page.etree_element.iter():
        if element.tag != "style":
            yield element.text or ""
        yield element.tail or ""


def work(job: BinaryIO, answer: BinaryIO) -> Exit:
    bound_resources()
    asked = json.load(job)
    images = {name: base64.b64decode(data) for name, data in asked["images"].items()}
    complaints = Complaints()
    shut_doors()
    try:
        pdf = render(asked["html"], images=images, complaints=complaints)
    except FatalURLFetchingError as refused:
        sys.stderr.write(str(refused))
        return Exit.REFUSED_ADDRESS
    except faces.NoGlyph as missing:
        sys.stderr.write(f"no font has {missing}")
        return Exit.INCOMPLETE
    if complaints.said:
        sys.stderr.write("\n".join(complaints.said))
        return Exit.INCOMPLETE
    if len(pdf) > MAX_PDF:
        return Exit.PDF_TOO_LARGE
    answer.write(pdf)
    return Exit.DONE


if __name__ == "__main__":
    faces.drawn_always()  # the forks find it read
    warm.serve(work)
