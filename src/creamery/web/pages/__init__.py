"""The public pages: home, search, projects, help, and what is shown when something goes wrong."""
