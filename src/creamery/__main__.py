"""`python -m creamery` is `creamery`."""

from creamery.cli import main

main()
