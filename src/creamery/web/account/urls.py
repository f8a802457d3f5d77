"""The addresses of a person's own account."""

from django.urls import path

from creamery.web.account import address_views, letter_views, password_views, register_views, token_views, views

app_name = "account"

urlpatterns = [
    path("log-in/", views.log_in, name="log-in"),
    path("log-out/", views.log_out, name="log-out"),
    path("addresses/", address_views.addresses, name="addresses"),
    path("confirm/<str:code>/", letter_views.confirm, name="confirm"),
    path("freeze/<str:code>/", letter_views.freeze, name="freeze"),
    path("password/", password_views.change, name="password"),
    path("forgotten/", password_views.ask, name="forgotten"),
    path("reset/<str:code>/", password_views.reset, name="reset"),
    path("register/", register_views.ask, name="register"),
    path("register/<str:code>/", register_views.finish, name="finish-registration"),
    path("tokens/", token_views.tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke/", token_views.revoke_token, name="revoke-token"),
]
