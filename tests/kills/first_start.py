"""
A first start that dies at a chosen moment, and the one after it.

    python -m tests.kills.first_start KIND COUNT     dies before the n-th statement or operation on files
    python -m tests.kills.first_start                ends well, and prints what is wrong with what it made
"""

import json
import sys
from datetime import timedelta


def main(words: list[str]) -> None:
    """Make the data folder, the tables and the first documents."""
    from creamery import config, prepare

    chosen = config.load()
    if words:
        from tests.kills.reaper import Plan, Reaper

        Reaper(chosen.data).arm(Plan(words[0], count=int(words[1])))
    prepare.make_data_folder(chosen)
    config.load_django()
    from tests.kills import life

    life.make_index()
    print(json.dumps(life.check(timedelta(minutes=2))))


if __name__ == "__main__":
    main(sys.argv[1:])
