"""The packaging standards as pure functions: names, versions, file names, metadata, archives, simple pages."""
