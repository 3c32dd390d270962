"""Those of the product, and a word of the middleware about whether a view's body ran (logisav/tests/reach.py)."""

from logisav.settings import *  # noqa: F403
from logisav.settings import MIDDLEWARE as OF_THE_PRODUCT

MIDDLEWARE = ["logisav.tests.reach.told", *OF_THE_PRODUCT]
