"""Which letters our documents can print: a name in others would be a row of boxes on a certificate.

The fonts that are embedded (static/fonts) have the Latin, Greek, Cyrillic, Arabic, Hebrew, Armenian and Georgian
scripts and some more. For the others the form asks for the name in Latin letters, as a passport has it.
"""

from __future__ import annotations

import unicodedata

# Letters and marks that the fonts have, from one to the last before one that they have not; a test reads the fonts.
RANGES = """
    41-34F 351-353 357-358 35A 35C-362 370-525 531-559 561-587 5B0-5C2 5C7-5EA 5F0-5F2 615 621-63A 640-655 657
    65A 66E-670 674 679-6BF 6C6-6C8 6CB-6CC 6CE 6D0 6D5 7CA-7E7 7EB-7FA E81-E84 E87-E88 E8A E8D E94-E97 E99-E9F
    EA1-EA7 EAA-EAB EAD-EB9 EBB-EDD 10A0-10C5 10D0-10FC 1401-1407 1409-141B 141D-1435 1437-144A 144C-1452
    1454-14BD 14C0-14EA 14EC-1507 1510-153E 1540-1550 1552-156A 1574-1585 158A-1596 15A0-15AF 15DE 15E1
    1646-1647 166F-1676 1681-169A 1D00-1D14 1D16-1D23 1D26-1D2E 1D30-1D5B 1D5D-1D6A 1D77-1D78 1D7B 1D7D 1D85
    1D9B-1DBF 1DC4-1DC9 1E00-1EFB 1F00-20D1 20D6-20D7 20DB-20DC 20E1 2102-2107 210B-2184 2C60-2C77 2C79-2C7F
    2D00-2D25 2D30-2D65 2D6F A4D0-A4FD A644-A647 A64C-A64D A650-A651 A654-A657 A662-A66E A68A-A68D A694-A695
    A698-A699 A71B-A72B A730-A741 A746-A74B A74E-A753 A756-A757 A764-A767 A780-A783 A78B-A78E A790-A791
    A7A0-A7AA A7F8-A7FF FB00-FB4F FB52-FBA3 FBAA-FBAD FBD3-FBDC FBDE-FBDF FBE4-FBE9 FBFC-FBFF FE00-FE23
    FE70-FEFC 10300-1031E 1D538-1D56B 1D5A0-1D5D3 1EE00-1EE3B 1EE61-1EE7E
"""
PLACES = [
    (int(first, 16), int(last or first, 16))
    for first, _, last in (one.partition("-") for one in RANGES.split())
]


def not_printed(text: str) -> str:
    """The letters of a text that no font of ours has, each once."""
    return "".join(dict.fromkeys(one for one in text if is_letter(one) and not _is_printed(ord(one))))


def is_letter(one: str) -> bool:
    return unicodedata.category(one)[0] in "LM"


def _is_printed(place: int) -> bool:
    return any(first <= place <= last for first, last in PLACES)


def why_not(text: str) -> str:
    """The sentence for a name that cannot be printed; empty where it can."""
    if not (missing := not_printed(text)):
        return ""
    return (
        f"Nos documents ne peuvent pas imprimer ces lettres\u00a0: {missing[:20]}. "
        "Écrivez ce nom en lettres latines, comme sur un passeport."
    )
