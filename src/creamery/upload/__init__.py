"""One file, from stream to recorded: receive, validate claims, admit, validate archive, store, record, render, answer."""
