"""The addresses of the pages of those who look after projects."""

from django.urls import path

from creamery.web.manage import views

app_name = "manage"

urlpatterns = [
    path("projects/", views.projects, name="projects"),
    path("projects/<str:name>/", views.project, name="project"),
    path("projects/<str:name>/releases/<str:version>/", views.release, name="release"),
    path("projects/<str:name>/files/<str:filename>/", views.file, name="file"),
    path("projects/<str:name>/settings/", views.settings, name="settings"),
    path("projects/<str:name>/history/", views.history, name="history"),
]
