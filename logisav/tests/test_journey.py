"""The whole way, as a person walks it on the running demo: on a phone, with scripts and without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, FrameLocator, Locator, Page, ViewportSize, expect
from playwright.sync_api import TimeoutError as TooLate

from demo.people import ADMIN
from demo.tests.running import Demo, once, running_demo

pytestmark = [pytest.mark.browser, pytest.mark.long, once]
PHONE: ViewportSize = {"width": 390, "height": 844}
SLOW = 30_000  # rendering, sealing and mailing, on a machine that does other things
PRESSES = 3
QUESTION = "Faut-il couper le chauffage pendant les travaux ?"
ANSWER = "Une demi-journée seulement, le premier matin."
REST = r"2\s337,96\s€"  # of the deposit, after a transfer of 1000
GOOD, REFUSED = "4242 4242 4242 4242", "4000 0000 0000 0002"
TOTAL = re.compile(r"11\s126,53\s€")


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    with running_demo(tmp_path_factory.mktemp("journey") / "demo") as demo:
        yield demo


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_quote_is_sent_signed_paid_and_withdrawn_from(
    demo: Demo, chromium: Browser, tmp_path: Path, scripts: bool
) -> None:
    """Each walk takes a copy of the sample, so that both find it as it was."""
    phone = chromium.new_context(viewport=PHONE, locale="fr-FR", java_script_enabled=scripts)
    desk = chromium.new_context(viewport=PHONE, locale="fr-FR")  # the desk itself needs scripts
    for context in (phone, desk):
        context.set_default_timeout(SLOW)
    owner = Owner(desk.new_page(), demo.address, number=demo.number_of("devis en cours"))
    owner.copy_the_quote(demo)
    customer = Customer(phone.new_page(), demo.address, number=owner.number)

    owner.send_the_quote()
    customer.open_the_mailed_link()
    customer.ask()
    owner.answer()
    customer.read_the_answer()
    customer.fill_in_the_form()
    customer.sign_with_the_mailed_code()
    signed = customer.download_the_signed_pdf(tmp_path)

    verdict = demo.manage("verify_pdf", str(signed))
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr

    customer.announce_a_transfer()
    owner.confirm_a_part_of_it()
    customer.pay_the_rest_by_card()
    owner.learn_of_it()
    customer.withdraw()
    owner.send_the_money_back()
    customer.read_of_the_refund()
    desk.close()
    phone.close()


class Person:
    """Does nothing but what a person can see and click."""

    def __init__(self, page: Page, address: str, *, number: str) -> None:
        self.page, self.address, self.number = page, address, number

    def _sees(self, found: Locator) -> None:
        expect(found).to_be_visible(timeout=SLOW)

    @property
    def _main(self) -> Locator:
        return self.page.get_by_role("main")

    def _button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def _heading(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("heading", level=1, name=name)

    def _mail(self, subject: str) -> FrameLocator:
        """Wait in the mailbox until the mail is there: the page brings it by itself, scripts or not."""
        self.page.goto(f"{self.address}/demo/mails/?devis={self.number}")
        self.page.get_by_role("link", name=subject, exact=True).first.click()
        self._sees(self._heading(subject))
        return self.page.frame_locator("iframe")

    def _follow(self, mail: FrameLocator, name: str) -> None:
        """Leave the mailbox by a link of a mail; a press that came while the frame was settling is repeated."""
        for _ in range(PRESSES):
            mail.get_by_role("link", name=name).click()
            try:
                self.page.wait_for_url(lambda url: "/demo/mails/" not in url, timeout=SLOW / PRESSES)
            except TooLate:
                continue
            return
        pytest.fail(f"« {name} » leads nowhere")


class Owner(Person):
    def copy_the_quote(self, demo: Demo) -> None:
        self.page.goto(f"{self.address}/")
        self._main.get_by_role("link", name=self.number, exact=True).first.click()
        self.page.locator("[name=username]").fill(ADMIN.username)
        self.page.locator("[name=password]").fill(ADMIN.password)
        self.page.locator("[name=password]").press("Enter")
        self.page.locator("details.more > summary").click()
        self.page.get_by_role("link", name="Dupliquer", exact=True).click()
        self._button("Dupliquer").click()
        self._sees(self.page.get_by_text(f"Voici la copie de {self.number}."))
        self.number = demo.rows("SELECT number FROM quotes_quote ORDER BY id DESC LIMIT 1")[0][0]

    def send_the_quote(self) -> None:
        self._button("Envoyer").click()
        self._sees(self.page.get_by_text("Ce que le client verra"))
        self._button("Envoyer").click()
        self._sees(self.page.get_by_text("Son PDF se prépare, le mail suit."))

    def answer(self) -> None:
        mail = self._mail(f"Question de Mme Camille Durand sur le devis {self.number}")
        self._sees(mail.get_by_text(QUESTION).last)
        self._follow(mail, "Répondre")
        self.page.get_by_role("textbox", name="Votre réponse").fill(ANSWER)
        self._button("Répondre").click()
        self._sees(self.page.get_by_role("paragraph").filter(has_text=ANSWER).first)

    def confirm_a_part_of_it(self) -> None:
        mail = self._mail(f"Virement annoncé pour le devis {self.number}")
        self._follow(mail, "Ouvrir le devis")
        self.page.get_by_role("link", name="Confirmer la réception du virement").click()
        self.page.get_by_label("Montant reçu").fill("1 000,00")
        self._button("Confirmer la réception").click()
        self._sees(self.page.get_by_text(re.compile(rf"Il reste {REST} à recevoir")))

    def learn_of_it(self) -> None:
        mail = self._mail(f"Acompte reçu pour le devis {self.number}")
        self._sees(mail.get_by_text(re.compile(rf"^{REST}$")))
        self.page.goto(f"{self.address}/admin/")
        self.page.get_by_role("link", name=re.compile("Notifications")).click()
        self._sees(self.page.get_by_role("button", name=re.compile(rf"{REST} d'acompte par carte")).first)

    def send_the_money_back(self) -> None:
        """What waits on the first page, with its date; the card's part by Stripe, the other by the owner's bank."""
        self.page.goto(f"{self.address}/admin/")
        task = self.page.get_by_role("region", name="Remboursements à faire")
        self._sees(task.get_by_text(re.compile(r"avant le .* inclus")).first)
        task.get_by_role("link", name=re.compile(self.number)).click()
        self._sees(self.page.get_by_text("Acompte à rembourser", exact=True))
        for payment, button in (("Visa", "Rembourser"), ("Virement", "J'ai fait le remboursement")):
            paid = self.page.get_by_role("listitem").filter(has_text=payment)
            paid.get_by_role("link", name="Rembourser", exact=True).click()
            self._button(button).click()
            self._sees(self.page.get_by_text("Le remboursement de").first)


class Customer(Person):
    def open_the_mailed_link(self) -> None:
        mail = self._mail(f"Votre devis {self.number}")
        self._follow(mail, "Consulter mon devis")
        self.page.wait_for_url("**/devis/*/")
        self._sees(self._heading("Pompe à chaleur air-eau et ballon tampon"))
        expect(self._main.get_by_text(TOTAL).first).to_be_in_viewport()

    def ask(self) -> None:
        self.page.get_by_role("link", name="Poser une question").click()
        self.page.get_by_label("Votre message").fill(QUESTION)
        self._button("Envoyer ma question").click()
        self._sees(self.page.get_by_text("Votre question est partie"))
        self._sees(self.page.get_by_text("Réponse attendue"))

    def read_the_answer(self) -> None:
        mail = self._mail(f"Notre réponse à votre question sur le devis {self.number}")
        self._follow(mail, "Consulter mon devis")
        self._sees(self._main.get_by_text(ANSWER))

    def fill_in_the_form(self) -> None:
        self.page.get_by_role("link", name="Accepter et signer").click()
        self.page.get_by_label("Prénom").fill("Camille")
        self.page.get_by_label("Nom", exact=True).fill("Durand")
        self._sees(self.page.get_by_text("Je signe en tant que particulier, à distance"))
        if (phone := self.page.get_by_label("Téléphone")).is_visible():  # nobody had written one down
            phone.fill("06 39 98 60 29")
        else:
            self._sees(self.page.get_by_text("29, c'est bien le vôtre"))
        for box in self.page.get_by_role("checkbox").all():
            expect(box).not_to_be_checked()
        self.page.get_by_label("J'ai lu le devis").check()
        self.page.get_by_label("Je signe par voie électronique").check()
        for box in self.page.get_by_label("Je certifie").all():  # one for each reduced rate of VAT
            box.check()
        self._button("Recevoir mon code par mail").click()
        self._sees(self._heading("Saisissez le code reçu par mail"))

    def sign_with_the_mailed_code(self) -> None:
        code_page = self.page.url
        mail = self._mail(f"Votre code pour signer le devis {self.number}")
        code = mail.get_by_text(re.compile(r"^\d{3}\s\d{3}$")).inner_text()
        self.page.goto(code_page)
        self._sees(self._main.get_by_text(TOTAL))
        self.page.get_by_label("Code à 6 chiffres").fill(code)
        self._button("Signer – commande avec obligation de paiement").click()
        self._sees(self._heading(re.compile("Devis accepté le")))

    def download_the_signed_pdf(self, folder: Path) -> Path:
        mail = self._mail(f"Votre devis {self.number} est accepté")
        self._sees(mail.get_by_text("Camille Durand"))
        with self.page.expect_download() as download:
            self.page.get_by_role("link", name=f"Devis-signe-{self.number}.pdf").click()
        file = folder / "signed.pdf"
        download.value.save_as(file)
        assert file.read_bytes().startswith(b"%PDF-1.7")
        return file

    def announce_a_transfer(self) -> None:
        self._come_back(f"Votre devis {self.number} est accepté")
        self._sees(self.page.get_by_text("FR76 3000 6000 0112 3456 7890 189"))
        self._button("J'ai fait le virement").click()
        self._sees(self.page.get_by_text("nous sommes prévenus"))

    def pay_the_rest_by_card(self) -> None:
        self._come_back(f"Votre virement pour le devis {self.number} est bien reçu")
        self._button("Régler mon acompte").click()
        self._pay(REFUSED)
        self._sees(self.page.get_by_role("alert").filter(has_text="refusée"))
        self._pay(GOOD)
        # Stripe's message decides; the page looks for it by itself.
        self._sees(self._heading(re.compile(rf"Votre acompte de {REST} a bien été reçu")))
        self._come_back(f"Votre acompte pour le devis {self.number} est bien reçu")
        self._sees(self.page.get_by_text(re.compile(r"Votre acompte de 3\s337,96\s€ a bien été reçu")))

    def withdraw(self) -> None:
        self.page.get_by_role("link", name="Renoncer au contrat ici").first.click()
        self._button("Confirmer la rétractation").click()
        self._sees(self.page.get_by_text(re.compile("Déclaration reçue le")))
        page = self.page.url
        receipt = self._mail(f"Accusé de réception de votre rétractation, devis {self.number}")
        self._sees(receipt.get_by_text(re.compile("Camille Durand renonce au contrat")).last)
        mail = self._mail(f"Votre code pour confirmer la rétractation, devis {self.number}")
        code = mail.get_by_text(re.compile(r"^\d{3}\s\d{3}$")).inner_text()
        self.page.goto(page)
        self.page.get_by_label("Code à 6 chiffres").fill(code)
        self._button("Confirmer avec le code").click()
        self._sees(self.page.get_by_text("Vous avez renoncé à ce contrat"))

    def read_of_the_refund(self) -> None:
        """One mail for each part, the card's once Stripe has done it."""
        subject = f"Remboursement de votre acompte, devis {self.number}"
        self.page.goto(f"{self.address}/demo/mails/?devis={self.number}")
        mails = self.page.get_by_role("link", name=subject, exact=True)
        expect(mails).to_have_count(2, timeout=SLOW)
        self._come_back(subject)
        self._sees(self.page.get_by_text(re.compile(r"vous a été remboursé\s:\s3\s337,96\s€")))

    def _come_back(self, subject: str) -> None:
        self._follow(self._mail(subject), "Retrouver mon devis")
        self._sees(self._heading(re.compile("Devis accepté le|Vous avez renoncé à ce contrat")))

    def _pay(self, card: str) -> None:
        for label, words in (
            ("Numéro de carte", card),
            ("Expiration", "12/34"),
            (re.compile("Cryptogramme|CVC"), "123"),
            ("Nom", "Camille Durand"),
        ):
            self.page.get_by_label(label).fill(words)
        self.page.get_by_role("button", name=re.compile("Payer")).click()
