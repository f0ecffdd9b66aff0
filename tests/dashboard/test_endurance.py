"""A server that nobody restarts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WARM, CASES = 256, 2048  # by then every cache but a small one is full


@pytest.mark.slow
@pytest.mark.timeout(3000)
def test_two_thousand_cases_take_neither_memory_nor_files():
    command = ["benchmarks/memory.py", "--cases", str(WARM + CASES), "--exact-every", "0"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, *command], cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    held = json.loads(done.stdout.splitlines()[-1])
    memory, files = (held[kind] for kind in ("resident_mb", "files"))
    print(json.dumps(held))
    first, last = str(WARM), str(WARM + CASES)
    assert memory[last] - memory[first] <= 50, memory
    assert files[last] <= files[first], files
