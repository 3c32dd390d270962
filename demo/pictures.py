"""What a sample quote shows and hands over: two drawings in place of photos, and a product sheet of nobody's."""

from __future__ import annotations

import io

from PIL import Image, ImageDraw, ImageFont

from lib import files
from quotes import workflow
from quotes.models import Quote
from quotes.models.enclosure import Enclosure
from quotes.uploads import read_photo
from quotes.workflow import StoredFile

SIZE = (1200, 900)
WALL, GROUND, SHADE, STEEL, DARK = "#ece4d6", "#b9b2a3", "#cfc5b2", "#f6f7f7", "#26343a"
BLUE, RED, WOOD = "#0c5a6e", "#c8502a", "#8c6a45"


def enclose(quote: Quote) -> None:
    """The pump at its line, the room for the whole quote, the sheet as a part of the contract."""
    pump = quote.lines.get(label__startswith="Pompe à chaleur").identity
    _photo(quote, _room(), "La chaufferie aujourd'hui, vue de la porte")
    _photo(quote, _outdoors(), "L'unité extérieure, à sa place prévue", line=pump)
    sheet = _sheet()
    stored = StoredFile(
        kind=Enclosure.Kind.DOCUMENT,
        file=files.store(sheet, folder="documents"),
        label="Fiche produit, pompe à chaleur 8 kW",
        size=len(sheet),
        pages=1,
    )
    workflow.enclose(quote.pk, stored, line=pump)


def _photo(quote: Quote, image: Image.Image, caption: str, *, line: str = "") -> None:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=85)
    stored = StoredFile.of_photo(read_photo(out.getvalue()), label=caption)
    workflow.enclose(quote.pk, stored, line=line)


def _outdoors() -> Image.Image:
    """A heat pump against the wall of a house, on its feet."""
    image = Image.new("RGB", SIZE, WALL)
    draw = ImageDraw.Draw(image)
    for row in range(0, 700, 70):
        draw.line((0, row, 1200, row), fill=SHADE, width=3)
        for joint in range(70 if row % 140 else 0, 1200, 200):
            draw.line((joint, row, joint, row + 70), fill=SHADE, width=3)
    draw.rectangle((0, 700, 1200, 900), fill=GROUND)
    draw.rectangle((80, 90, 330, 430), fill=BLUE, outline=WOOD, width=22)
    draw.line((205, 100, 205, 420), fill=WOOD, width=12)
    draw.polygon([(420, 720), (1090, 720), (1130, 770), (380, 770)], fill="#a39b8b")
    draw.rectangle((430, 260, 1070, 690), fill=STEEL, outline=DARK, width=6)
    draw.ellipse((480, 290, 860, 670), fill=DARK)
    for ring in range(20, 190, 24):
        draw.ellipse((480 + ring, 290 + ring, 860 - ring, 670 - ring), outline="#8fa2a9", width=4)
    draw.ellipse((640, 450, 700, 510), fill=STEEL)
    for slat in range(310, 650, 34):
        draw.line((905, slat, 1030, slat), fill="#9fb0b6", width=8)
    draw.rectangle((920, 270, 1020, 296), fill=RED)
    for foot in (480, 950):
        draw.rectangle((foot, 690, foot + 80, 735), fill=DARK)
    return image


def _room() -> Image.Image:
    """A boiler on a tiled wall, with its pipes."""
    image = Image.new("RGB", SIZE, "#f3f1ec")
    draw = ImageDraw.Draw(image)
    for tile in range(0, 1200, 100):
        draw.line((tile, 0, tile, 650), fill="#dedad0", width=4)
    for tile in range(0, 651, 100):
        draw.line((0, tile, 1200, tile), fill="#dedad0", width=4)
    draw.rectangle((0, 650, 1200, 900), fill="#c4b8a5")
    draw.rectangle((380, 120, 720, 620), fill="white", outline="#7b8a90", width=6)
    draw.rectangle((430, 470, 670, 560), fill="#e3e8ea", outline="#7b8a90", width=4)
    draw.ellipse((455, 488, 510, 543), fill=DARK)
    draw.rectangle((540, 492, 645, 538), fill="#3b5960")
    draw.rectangle((520, 0, 580, 120), fill="#a9b4b8")
    for left, colour in ((430, RED), (500, BLUE), (600, WOOD), (670, RED)):
        draw.rectangle((left, 620, left + 22, 780), fill=colour)
    draw.rectangle((430, 760, 1120, 782), fill=RED)
    draw.rectangle((500, 810, 1120, 832), fill=BLUE)
    draw.rectangle((500, 760, 522, 832), fill=BLUE)
    draw.ellipse((880, 330, 1080, 600), fill=RED)
    draw.rectangle((960, 600, 1000, 770), fill=DARK)
    draw.rectangle((90, 250, 270, 640), fill=WOOD, outline="#6d5133", width=8)
    draw.ellipse((232, 440, 256, 464), fill="#e0c88f")
    return image


def _sheet() -> bytes:
    """A page that looks like no maker's, as PDF."""
    page = Image.new("RGB", (1240, 1754), "white")
    draw = ImageDraw.Draw(page)
    rows = (
        "Puissance à 7 °C : 8 kW",
        "COP à 7 °C, eau à 35 °C : 4,6",
        "Efficacité saisonnière : 178 %",
        "Niveau sonore à 5 m : 42 dB(A)",
        "Fluide : R290, 0,9 kg",
        "Alimentation : 230 V, 20 A",
        "Garantie : 5 ans",
    )
    words = "\n".join(["EXEMPLE", "", "Fiche produit", "Pompe à chaleur air-eau 8 kW", "", *rows])
    draw.multiline_text((140, 180), words, fill="black", font=ImageFont.load_default(46), spacing=28)
    page.paste(_outdoors().resize((600, 450)), (320, 1180))
    out = io.BytesIO()
    page.save(out, "PDF", resolution=150)
    return out.getvalue()
