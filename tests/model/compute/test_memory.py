"""What the C library keeps of freed memory."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

# Blocks of every size, each beside one that stays: what is freed lies in holes, not at the end of the heap.
SCRIPT = """
import json
from pathlib import Path
import numpy as np
from model.compute.memory import trim_heap, tune_malloc
resident = lambda: int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20
tune_malloc()
stays, goes = [], []
for size in range(1, 120):
    goes.append(np.ones(size * 2**14)), stays.append(np.ones(2**10))
full = resident()
goes.clear()
kept = resident()
trim_heap()
print(json.dumps([full, kept, resident()]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="of glibc")
def test_freed_memory_is_kept_for_the_next_pass_until_it_is_handed_back():
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, cwd=root)
    full, kept, handed_back = json.loads(done.stdout)
    assert kept > 0.95 * full
    assert handed_back < full - 800
