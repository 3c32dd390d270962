"""Which part of the stand-in answers which address."""

from __future__ import annotations

from demo.stripe_standin import html
from demo.stripe_standin.control import Control
from demo.stripe_standin.pages import CardPage
from demo.stripe_standin.standin import StandIn
from demo.stripe_standin.web import Request, Response


class Routes:
    def __init__(self, standin: StandIn) -> None:
        self.standin = standin
        self.card_page = CardPage(standin)
        self.control = Control(standin)

    def answer(self, request: Request) -> Response:
        if request.path.startswith("/v1/"):
            return self.standin.answer_api(request)
        if request.path == "/_standin/style.css":
            return html.style()
        if request.path.startswith("/_standin/"):
            return self.control.answer(request)
        return self.card_page.answer(request)
