from django.urls import path

from quotes.pages import legal, views, withdrawal

app_name = "quotes"
urlpatterns = [
    path("marque.css", views.brand_css, name="brand_css"),
    path("logo", views.logo, name="logo"),
    path("mentions-legales/", legal.notice, name="legal_notice"),
    path("donnees-personnelles/", legal.personal_data, name="personal_data"),
    path("accessibilite/", legal.accessibility, name="accessibility"),
    path("l/<str:token>/", views.open_link, name="open_link"),
    path("devis/<str:public_id>/", views.show, name="show"),
    path("devis/<str:public_id>/devis.pdf", views.pdf, name="pdf"),
    path("devis/<str:public_id>/conditions/", views.terms, name="terms"),
    path("devis/<str:public_id>/cadre-de-contribution.pdf", views.contribution, name="contribution"),
    path("devis/<str:public_id>/attestation-rge.pdf", views.rge_proof, name="rge_proof"),
    path("devis/<str:public_id>/photos/<str:sha256>.jpg", views.photo, name="photo"),
    path("devis/<str:public_id>/documents/<str:sha256>.pdf", views.document, name="document"),
    path("devis/<str:public_id>/question/", views.ask, name="ask"),
    path("devis/<str:public_id>/refuser/", views.refuse, name="refuse"),
    path("retractation/", withdrawal.door, name="withdrawal_door"),
    path("devis/<str:public_id>/retractation/", withdrawal.withdraw, name="withdraw"),
    path("retractation/accuse/", withdrawal.receipt, name="withdrawal_door_receipt"),
    path("devis/<str:public_id>/retractation/accuse/", withdrawal.receipt, name="withdrawal_receipt"),
    path("devis/<str:public_id>/retractation/code/", withdrawal.code, name="withdrawal_code"),
    path("devis/<str:public_id>/retractation/nouveau-code/", withdrawal.new_code, name="withdrawal_new_code"),
    path("l/<str:token>/retractation/", withdrawal.answer, name="answer_declaration"),
    path("devis/<str:public_id>/lien/", views.request_link, name="request_link"),
]
