from django.urls import path

from quotes import views

app_name = "quotes"
urlpatterns = [
    path("marque.css", views.brand_css, name="brand_css"),
    path("logo", views.logo, name="logo"),
    path("l/<str:token>/", views.open_link, name="open_link"),
    path("devis/<str:public_id>/", views.show, name="show"),
    path("devis/<str:public_id>/devis.pdf", views.pdf, name="pdf"),
    path("devis/<str:public_id>/conditions/", views.terms, name="terms"),
    path("devis/<str:public_id>/question/", views.ask, name="ask"),
    path("devis/<str:public_id>/refuser/", views.refuse, name="refuse"),
    path("devis/<str:public_id>/retractation/", views.withdraw, name="withdraw"),
    path("devis/<str:public_id>/lien/", views.request_link, name="request_link"),
]
