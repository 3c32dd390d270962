"""The company's electronic seal on a signed PDF: the only package that imports pyHanko.

PAdES (ETSI EN 319 142-1) as a certification signature (ISO 32000-1, 12.8.2.2) that allows no change: it says who
sealed and that nothing moved since. At level B-B it does not prove when, the time in it is a claim; from B-T on an
authority vouches for the time.
"""

from signing.seal.active import active_content, page_count
from signing.seal.appending import EmbeddedFile, append
from signing.seal.attached import attached
from signing.seal.checking import Report, check
from signing.seal.detached import check_detached, sign_detached
from signing.seal.keys import Signer, UnusableKey, load_signer, make_key, retire_key
from signing.seal.sealing import restamp, seal, seal_for_long, seal_with_time
from signing.seal.stamping import Authorities, AuthorityUnavailable

__all__ = [
    "Authorities",
    "AuthorityUnavailable",
    "EmbeddedFile",
    "Report",
    "Signer",
    "UnusableKey",
    "active_content",
    "append",
    "attached",
    "check",
    "check_detached",
    "load_signer",
    "make_key",
    "page_count",
    "restamp",
    "retire_key",
    "seal",
    "seal_for_long",
    "seal_with_time",
    "sign_detached",
]
