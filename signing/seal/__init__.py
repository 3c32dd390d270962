"""The company's electronic seal on a signed PDF: the only package that imports pyHanko.

Level PAdES B-B (ETSI EN 319 142-1), as a certification signature (ISO 32000-1, 12.8.2.2) that allows no
change: it says who sealed and that nothing moved since. It does not prove when: the time in it is a claim.
"""

from signing.seal.appending import Attachment, append
from signing.seal.attached import attached
from signing.seal.checking import Report, check
from signing.seal.keys import Signer, UnusableKey, load_signer, make_key
from signing.seal.sealing import seal

__all__ = [
    "Attachment",
    "Report",
    "Signer",
    "UnusableKey",
    "append",
    "attached",
    "check",
    "load_signer",
    "make_key",
    "seal",
]
