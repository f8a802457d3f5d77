"""The doors: pages, the upload endpoint, operations. Translates between HTTP and the rooms, decides nothing."""
