"""The addresses of a person's own account."""

from django.urls import path

from creamery.web.account import address_views, letter_views, token_views, views

app_name = "account"

urlpatterns = [
    path("log-in/", views.log_in, name="log-in"),
    path("log-out/", views.log_out, name="log-out"),
    path("addresses/", address_views.addresses, name="addresses"),
    path("confirm/<str:code>/", letter_views.confirm, name="confirm"),
    path("freeze/<str:code>/", letter_views.freeze, name="freeze"),
    path("tokens/", token_views.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", token_views.revoke_token, name="revoke-token"),
]
