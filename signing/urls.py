from django.urls import path

from signing import pages
from signing.check import pages as check_pages

app_name = "signing"
urlpatterns = [
    path("signature-electronique/", pages.about, name="about"),
    path("verifier/", check_pages.verify, name="verify"),
    path("verifier/<str:reference>/", check_pages.verify_reference, name="verify_reference"),
    path("devis/<str:public_id>/signer/", pages.sign, name="sign"),
    path("devis/<str:public_id>/options/", pages.choose, name="choose"),
    path("devis/<str:public_id>/signer/code/", pages.code, name="code"),
    path("devis/<str:public_id>/signer/nouveau-code/", pages.resend, name="resend"),
    path("devis/<str:public_id>/devis-signe.pdf", pages.signed_pdf, name="signed_pdf"),
]
