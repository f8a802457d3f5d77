"""
Runs in a process of its own, on the data of a large index: writes the list of all projects and the pages of some.

    python -m bench.big_child ROUNDS

Prints one line of JSON: CPU seconds of each rebuilding of the list, and the peak of this process's memory in MiB.
"""

import json
import resource
import sys
import time
from itertools import islice

from bench.enlarge_child import publish_page
from creamery import config

PAGES = 200


def main(rounds: int) -> None:
    """Write them, and say what the list took."""
    config.load_django()
    from creamery.catalog.document_queries import list_index_ids, list_project_ids
    from creamery.kernel.outbox import JobKey, claimed
    from creamery.publish import root_page

    index_id, root_cpu_s = list_index_ids()[0], []
    with claimed(JobKey("bench", "root")) as claim:
        for _ in range(rounds):
            begun = time.process_time()
            root_page.render(index_id, claim=claim)
            root_cpu_s.append(time.process_time() - begun)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    for project_id in islice(list_project_ids(index_id), PAGES):
        publish_page(project_id)
    print(json.dumps({"root_cpu_s": root_cpu_s, "peak_mib": peak_mib}))


if __name__ == "__main__":
    main(int(sys.argv[1]))
