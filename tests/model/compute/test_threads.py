"""How many threads a process computes with: a few on all cores, every other one alone. Each in a process of its own, as
it is settled for the whole of one."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BEGIN = """
from model.compute import threads
threads.narrow()
import re, threading, torch
from concurrent.futures import ThreadPoolExecutor

def counts():
    torch.ones(64, 64) @ torch.ones(64, 64)
    told = re.findall(r"(get_num|omp_get_max|mkl_get_max)_threads\\(\\) : (\\d+)", torch.__config__.parallel_info())
    assert len(told) >= 2
    return [int(number) for _, number in told]
"""


def run(program: str) -> str:
    """What a program says, where OpenMP sees four cores."""
    environment = os.environ | {"OMP_NUM_THREADS": "4", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", BEGIN + program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_widened_thread_computes_on_all_cores_and_every_other_one_alone():
    said = run("""
alone, wide = ThreadPoolExecutor(1), threads.Wide(1, "wide")
for pool in (alone.submit(counts).result(), wide.do(counts), alone.submit(counts).result(), wide.do(counts), counts()):
    print(set(pool))
""")
    assert said.split() == ["{1}", "{4}", "{1}", "{4}", "{1}"]


def test_threads_that_begin_to_compute_while_others_are_widened_do_so_alone():
    said = run("""
found, over = [], threading.Event()

def widening():
    while not over.is_set():
        each = threading.Thread(target=threads.widen)
        each.start()
        each.join()

beside = threading.Thread(target=widening)
beside.start()
for _ in range(300):
    one = threading.Thread(target=lambda: found.append(torch.get_num_threads()))
    one.start()
    one.join()
over.set()
beside.join()
print(set(found))
""")
    assert said.strip() == "{1}"
