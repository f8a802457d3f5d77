"""The addresses of the public pages."""

from django.urls import path

from creamery.web.pages import views

app_name = "pages"

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("help/", views.help_page, name="help"),
    path("project/", views.all_projects),
    path("project/<str:name>/", views.project, name="project"),
    path("project/<str:name>/<str:version>/", views.project, name="release"),
]
