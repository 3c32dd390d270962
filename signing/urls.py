from django.urls import path

from signing import views

app_name = "signing"
urlpatterns = [
    path("signature-electronique/", views.about, name="about"),
    path("verifier/", views.verify, name="verify"),
    path("verifier/<str:reference>/", views.verify_reference, name="verify_reference"),
    path("devis/<str:public_id>/signer/", views.sign, name="sign"),
    path("devis/<str:public_id>/signer/code/", views.code, name="code"),
    path("devis/<str:public_id>/signer/nouveau-code/", views.resend, name="resend"),
    path("devis/<str:public_id>/devis-signe.pdf", views.signed_pdf, name="signed_pdf"),
]
