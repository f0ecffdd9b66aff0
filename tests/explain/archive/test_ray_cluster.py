"""Archives written by a Ray cluster: two nodes on this machine, with workers that are killed and commands that are
interrupted. Compared with what a single process writes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import psutil
import pyarrow.parquet as pq
import pytest
from helpers import REPORT, small_network
from PIL import Image

from dashboard.cli import main
from explain.archive.ray_cluster import MOST_TRIES, Task, Worker, write_on_cluster
from explain.archive.shards import SHARD, Archive
from model.errors import ChoiceError, ClusterError
from model.inference.engine import Engine
from model.network import checkpoint
from model.studies.opening import open_studies

ROOT = Path(__file__).parents[3]
SHARDS = 8
ASKED = {"split": "all", "beta": 0.3, "finding": None, "report_method": "contextual_cam"}
ARGUMENTS = ["--beta", "0.3", "--report-method", "contextual_cam", "--json"]


class Source:
    """A table, a model, and what one process writes of them."""

    def __init__(self, folder: Path, studies: int):
        self.studies, self.checkpoint = folder / "studies.csv", folder / "model"
        Image.radial_gradient("L").resize((90, 120)).save(folder / "film.png")
        (folder / "torn.png").write_bytes((folder / "film.png").read_bytes()[:300])
        films = ["film.png", "", "torn.png", ""]
        rows = [
            {"study_id": f"s{i}", "image": films[i % 4], "report": f"{i} {REPORT[i % 60 :]}", "label": "Effusion"}
            for i in range(studies)
        ]
        pd.DataFrame(rows).to_csv(self.studies, index=False)
        checkpoint.save(small_network(), self.checkpoint)
        self.alone = self.archive(folder / "alone")
        self.alone.write(lambda rows: None)

    def archive(self, out: Path) -> Archive:
        return Archive(out, Engine.load(self.checkpoint, "cpu"), open_studies(self.studies), **ASKED)

    def explain(self, out: Path, address: str) -> subprocess.Popen:
        """The command, as a person runs it."""
        named = ["--studies", self.studies, "--checkpoint", self.checkpoint, "--out", out, "--ray", address, *ARGUMENTS]
        command = [sys.executable, "-m", "dashboard.cli", "explain", *named]
        return subprocess.Popen(command, cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return Source(tmp_path_factory.mktemp("source"), 10)


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    return Source(tmp_path_factory.mktemp("large"), SHARDS * SHARD - 40)


@pytest.fixture(scope="module")
def cluster():
    """Two nodes of one core each, as `ray start` makes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        from ray.cluster_utils import Cluster

        cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, "include_dashboard": False})
        cluster.add_node(num_cpus=1)
        yield cluster
        cluster.shutdown()


def workers() -> list[psutil.Process]:
    """The processes that write shards, a node of this test each."""
    ours = psutil.Process().children(recursive=True)
    return [p for p in ours if "MapWorker" in p.name() or "MapWorker" in " ".join(p.cmdline())]


def raylets() -> list[int]:
    """The nodes of Ray that run on this machine."""
    return [p.pid for p in psutil.process_iter(["name"]) if p.info["name"] == "raylet"]


def wait_for(condition, running: subprocess.Popen) -> None:
    while not condition():
        assert running.poll() is None, running.stderr.read()
        time.sleep(0.05)


def shards(out: Path) -> list[str]:
    return sorted(p.name for p in out.glob("*.parquet"))


def assert_equal(out: Path, alone: Path) -> None:
    """The same files with the same content: numbers to 1e-5, pictures but for a step of grey."""
    names = {p.relative_to(alone) for p in alone.rglob("*")}
    assert {p.relative_to(out) for p in out.rglob("*")} == names
    for name in sorted(names):
        if name.suffix == ".parquet":
            assert_alike(pq.read_table(out / name).to_pylist(), pq.read_table(alone / name).to_pylist())
        elif name.suffix == ".png":
            ours, theirs = (np.asarray(Image.open(folder / name), int) for folder in (out, alone))
            assert np.abs(ours - theirs).max() <= 1
        elif name.suffix == ".json":
            assert (out / name).read_bytes() == (alone / name).read_bytes()


def assert_alike(ours, theirs) -> None:
    if isinstance(theirs, float):
        assert ours == pytest.approx(theirs, abs=1e-5)
    elif isinstance(theirs, list) and theirs and isinstance(theirs[0], float):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    elif isinstance(theirs, (dict, list)):
        assert len(ours) == len(theirs)
        for key in theirs if isinstance(theirs, dict) else range(len(theirs)):
            assert_alike(ours[key], theirs[key])
    else:
        assert ours == theirs


@pytest.mark.slow
def test_two_nodes_write_what_one_process_writes(large, cluster, tmp_path):
    command = large.explain(tmp_path / "out", cluster.address)
    wait_for(lambda: len(workers()) == 2, command)
    assert len({p.ppid() for p in workers()}) == 2  # each node's own
    printed, said = command.communicate()
    assert command.returncode == 0, said
    assert json.loads(printed)["studies"] == len(large.alone.studies)
    assert (
        json.loads(printed)["unexplained"]
        == large.alone.unexplained()
        == sum("torn" in s.image.name for s in large.alone.studies if s.image)
    )
    assert_equal(tmp_path / "out", large.alone.out)


@pytest.mark.slow
def test_a_worker_that_is_killed_loses_and_doubles_nothing(large, cluster, tmp_path):
    out = tmp_path / "out"
    command = large.explain(out, cluster.address)
    wait_for(lambda: len(shards(out)) >= 2 and len(list(out.glob(".workers-*/*"))) == 2, command)
    workers()[0].kill()
    wait_for(lambda: any(out.glob(".workers-*/*-1")), command)  # its shard is begun a second time
    printed, said = command.communicate()
    assert command.returncode == 0, said
    assert json.loads(printed)["studies"] == len(large.alone.studies)
    assert_equal(out, large.alone.out)


@pytest.mark.slow
def test_what_ctrl_c_stopped_goes_on_in_one_process(large, cluster, tmp_path):
    out = tmp_path / "out"
    command = large.explain(out, cluster.address)
    wait_for(lambda: shards(out), command)
    command.send_signal(signal.SIGINT)
    printed, said = command.communicate()
    assert (command.returncode, printed) == (130, "")
    left = int(re.search(r"Stopped with ([\d,]+) studies left", said)[1].replace(",", ""))
    assert "Traceback" not in said
    while workers():
        time.sleep(0.05)
    again = large.archive(out)
    assert 0 < again.remaining() <= left < len(again.studies)
    kept = {name: (out / name).stat().st_mtime_ns for name in shards(out)}
    again.write(lambda rows: None)
    assert_equal(out, large.alone.out)
    assert kept == {name: (out / name).stat().st_mtime_ns for name in kept}


@pytest.mark.slow
def test_the_cores_of_this_machine_are_a_cluster_for_as_long_as_it_takes(source, tmp_path):
    before = raylets()
    command = source.explain(tmp_path / "out", "local")
    printed, said = command.communicate()
    assert command.returncode == 0, said
    assert json.loads(printed)["studies"] == 10
    assert "not explained: Line 4 " in said
    assert_equal(tmp_path / "out", source.alone.out)
    assert raylets() == before


@pytest.mark.slow
def test_a_cluster_without_a_gpu_is_told_from_one_with(source, cluster, tmp_path):
    archive = source.archive(tmp_path / "out")
    for device, why in (("cuda", "has no GPU"), ("tpu", "is unknown")):
        with pytest.raises(ChoiceError, match=why):
            write_on_cluster(archive, cluster.address, source.checkpoint, source.studies, device, lambda rows: None)


def worker(source: Source, out: Path) -> Worker:
    begun = out / ".workers-test"
    begun.mkdir()
    return Worker(Task(out, begun, source.checkpoint, source.studies, "cpu", ASKED))


def test_a_worker_writes_the_shard_of_a_number(source, tmp_path):
    archive = source.archive(tmp_path / "out")
    ours = worker(source, archive.out)
    told = ours({"item": 0})
    assert (told["number"], told["failure"]) == (0, "")
    assert [error[:7] for error in told["errors"] if error] == ["Line 4 ", "Line 8 "]
    ours.task.begun.rmdir()  # where nothing is noted any more
    assert_equal(archive.out, source.alone.out)


def test_a_worker_that_sees_another_folder_writes_nothing(source, tmp_path):
    archive = source.archive(tmp_path / "out")
    ours = worker(source, archive.out)
    ours.task.begun.rmdir()
    assert "must share one file system" in ours({"item": 0})["failure"]
    assert not shards(archive.out)


def test_a_shard_that_no_worker_survives_is_given_up(source, tmp_path):
    ours = worker(source, source.archive(tmp_path / "out").out)
    for attempt in range(MOST_TRIES):
        (ours.task.begun / f"0-{attempt}").touch()
    assert "shard 0 was begun 4 times and no worker survived it" in ours({"item": 0})["failure"]


def test_a_worker_tells_what_it_cannot_open(source, tmp_path):
    ours = worker(source, source.archive(tmp_path / "out").out)
    ours.task = ours.task._replace(studies=tmp_path / "gone.csv")
    assert "gone.csv cannot be read" in ours({"item": 0})["failure"]


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("127.0.0.1:1", "No Ray cluster answers at 127.0.0.1:1;"),
        ("127.0.0.1:99999", "No Ray cluster answers"),
        ("auto", "expected HOST:PORT"),
        ("ray://127.0.0.1:10001", "expected HOST:PORT"),
    ],
)
def test_a_cluster_that_does_not_answer_is_one_sentence(source, tmp_path, monkeypatch, capsys, address, why):
    named = ["--studies", source.studies, "--checkpoint", source.checkpoint, "--out", tmp_path / "out"]
    monkeypatch.setattr(sys, "argv", ["betalens", "explain", *map(str, named), "--ray", address, *ARGUMENTS])
    with pytest.raises(SystemExit) as stopped:
        main()
    assert stopped.value.code == 2
    assert why in capsys.readouterr().err.splitlines()[-1]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["archive.json"]


def test_without_ray_it_is_said_how_to_install_it(source, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    archive = source.archive(tmp_path / "out")
    with pytest.raises(ClusterError, match=r"betalens\[ray\]"):
        write_on_cluster(archive, "local", source.checkpoint, source.studies, "cpu", lambda rows: None)


def test_ray_tells_its_makers_nothing(source, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    archive = source.archive(tmp_path / "out")
    with pytest.raises(ClusterError):
        write_on_cluster(archive, "127.0.0.1:1", source.checkpoint, source.studies, "cpu", lambda rows: None)
    assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"


def test_nothing_missing_asks_no_cluster(source):
    write_on_cluster(source.alone, "127.0.0.1:1", source.checkpoint, source.studies, "cpu", lambda rows: None)
