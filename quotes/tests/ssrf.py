"""What a hostile text would ask a renderer to fetch: addresses, and the ways of writing them into a page."""

from __future__ import annotations

from pathlib import Path


def addresses(*, web: str, file: Path) -> list[str]:
    """Things that exist for sure: a page on a server of our own, a file that holds a secret."""
    host = web.removeprefix("http://")
    return [
        f"{web}/hit",
        f"file://{file}",
        f"FILE://{file}",
        f"file://localhost{file}",
        f"//{host}/hit",
        str(file),
        f"../../../../../../../..{file}",
        f"http://user:secret@{host}/hit",
        f"ftp://{host}/hit",
        "file:///etc/passwd",
        "file:///proc/self/environ",
        "asset:../logisav/settings.py",
        "asset:pdf/../../manage.py",
        "asset:/etc/passwd",
        "image:../logo",
        "jar:file:///etc/passwd!/x",
        "php://filter/resource=/etc/passwd",
        "gopher://127.0.0.1:1/_x",
        "data:text/css,@import%20url(" + web + "/hit)",
        "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg'><image href='" + web + "/hit'/></svg>",
    ]


FORMS = (
    '<img src="{0}" alt="x">',
    '<img srcset="{0} 2x" src="{0}" alt="x">',
    '<object data="{0}"></object>',
    '<embed src="{0}">',
    '<iframe src="{0}"></iframe>',
    '<link rel="stylesheet" href="{0}">',
    '<link rel="attachment" href="{0}" title="x">',
    '<a rel="attachment" href="{0}">x</a>',
    '<base href="{0}/"><img src="x.png" alt="x">',
    '<style>@import "{0}";</style>',
    "<style>@import url({0});</style>",
    '<style>@font-face {{ font-family: X; src: url("{0}") }} p {{ font-family: X }}</style>',
    '<style>@color-profile x {{ src: url("{0}") }}</style>',
    "<p style='background: url(\"{0}\")'>x</p>",
    "<p style='border-image: url(\"{0}\") 1'>x</p>",
    "<p style='list-style: url(\"{0}\"); display: list-item'>x</p>",
    '<style>p::before {{ content: url("{0}") }}</style>',
    '<style>@page {{ background: url("{0}"); @top-left {{ content: url("{0}") }} }}</style>',
    '<svg><title>x</title><image href="{0}" width="9" height="9"/></svg>',
    '<svg xmlns:xlink="http://www.w3.org/1999/xlink"><title>x</title><image xlink:href="{0}"/></svg>',
    '<svg><title>x</title><use href="{0}#x"/></svg>',
    '<svg><title>x</title><style>@import "{0}";</style><rect fill=\'url("{0}#x")\' width="9" height="9"/></svg>',
    '<video poster="{0}" src="{0}"></video>',
    '<meta http-equiv="refresh" content="0; url={0}">',
    '<input type="image" src="{0}" alt="x">',
    '<!DOCTYPE x [<!ENTITY e SYSTEM "{0}">]><p>&e;</p>',
    '<?xml-stylesheet href="{0}"?><p>x</p>',
    '<script src="{0}"></script>',
)


def payloads(*, web: str, file: Path) -> list[str]:
    """Each way of writing with each address that a machine may answer, and each address once more on its own."""
    real = addresses(web=web, file=file)
    wide = [form.format(address) for form in FORMS for address in real[:2]]
    return wide + [FORMS[0].format(address) for address in real] + real
