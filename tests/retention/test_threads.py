"""`one_thread` also holds for libraries that the work would load only later."""

from __future__ import annotations

import json
import os
import subprocess
import sys

_COUNT = """
import json
import threadpoolctl
from retention.threads import one_thread
with one_thread():
    import scipy.linalg
    import sklearn.ensemble
    print(json.dumps([[one["user_api"], one["num_threads"]] for one in threadpoolctl.threadpool_info()]))
"""


def test_every_pool_has_one_thread() -> None:
    """In a process of its own, with four threads asked for: here the libraries are loaded already."""
    wished = {"OMP_NUM_THREADS": "4", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    told = subprocess.run(
        [sys.executable, "-c", _COUNT], env=os.environ | wished, capture_output=True, text=True, check=True
    )
    pools = json.loads(told.stdout)
    assert {api for api, _ in pools} == {"blas", "openmp"}
    assert {threads for _, threads in pools} == {1}
