"""An archive written by a Ray cluster: the shards that are missing, shared out among workers by Ray Data.

A worker is a process with a model of its own: one a GPU, or one a core where there is no GPU. It is told the number of
a shard and nothing else, opens table and checkpoint from their paths, and writes the shard as a single process does: no
film and no report passes through Ray's object store, its logs or its disk. What a worker that died had begun is begun
again by another. Nothing is sent to Ray's makers, and no dashboard is started.

While it runs, `DIR/.workers-…` holds an empty file for each shard that was begun and not ended: by that folder a worker
knows that its DIR is the one that was meant, and by those files a shard that no worker survives is known.
"""

import logging
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from explain.archive.shards import Archive
from explain.archive.studies import Row
from model.errors import ArchiveError, BetaLensError, ChoiceError, ClusterError
from model.inference.engine import Engine, choose_device
from model.studies.opening import open_studies

LOCAL = "local"  # an address: a cluster of this machine alone, which ends with the work
ANSWER_S = 5  # seconds that a cluster has to accept a connection
MOST_TRIES = 4  # of a shard; one that a healthy cluster loses so often kills its workers


class Task(NamedTuple):
    """What a worker opens, and where it writes. Paths are absolute, the same on every node."""

    out: Path
    begun: Path  # the folder below `out` where shards that were begun are noted
    checkpoint: Path | None  # None: the embedded demo's; likewise the table
    studies: Path | None
    device: str
    asked: dict[str, Any]  # of the `Archive`


def write_on_cluster(
    archive: Archive,
    address: str,
    checkpoint: Path | None,
    studies: Path | None,
    device: str,
    done: Callable[[list[Row]], None],
) -> None:
    """Explain what is missing on a Ray cluster, whose nodes all reach archive, table and checkpoint by the same paths.

    Args:
        archive: of that table by that checkpoint's model.
        address: HOST:PORT of the cluster's head; or `local`: a cluster of this machine, for as long as it takes.
        checkpoint: None for the embedded demo's.
        studies: None for the embedded demo's.
        device: auto takes the GPUs of the cluster where it has any; cpu and cuda take its cores or its GPUs.
        done: told of the rows of a shard when it is there; they hold a study and its error, if any.

    Raises:
        ArchiveError: a worker cannot open table or checkpoint, cannot write to the folder or does not see it; or no
            worker survives a shard. What was written stays.
        ChoiceError: the cluster has no such device.
        ClusterError: Ray is not installed, or the cluster does not answer or gives up.
    """
    if not (missing := archive.missing()):
        return
    with _notes(archive.out) as begun, _connected(address) as ray:
        device, workers, each = _share(ray, device)
        paths = archive.out.resolve(), begun, checkpoint and checkpoint.resolve(), studies and studies.resolve()
        task = Task(*paths, device, {"split": archive.split, **archive.asked})
        numbers = ray.data.from_items(missing, override_num_blocks=len(missing))  # a block is what a worker is given
        written = numbers.map(
            Worker,
            fn_constructor_args=(task,),
            compute=ray.data.ActorPoolStrategy(size=min(workers, len(missing)), max_tasks_in_flight_per_actor=1),
            **each,
        )
        try:
            for block in written.iter_batches(batch_size=None, prefetch_batches=0, batch_format="pyarrow"):
                for shard in block.to_pylist():
                    _tell(archive, shard, done)
        except ray.exceptions.RayError as error:
            raise ClusterError(
                f"The cluster could not go on ({type(error).__name__}; its logs say why); what was written stays, and "
                "the same command goes on."
            ) from error


class Worker:
    """Writes shards of one archive, as many as it is given, with one engine."""

    def __init__(self, task: Task):
        self.task = task

    def __call__(self, row: dict[str, int]) -> dict[str, Any]:
        """Write the shard of that number; what goes wrong is told, not raised, so that it arrives as it was said."""
        number, errors, failure = int(row["item"]), [], ""
        try:
            with self._begun(number):
                errors = [row.error for row in self.archive.write_shard(number)]
        except BetaLensError as error:
            failure = f"On {socket.gethostname()}: {error}"
        return {"number": number, "errors": errors, "failure": failure}

    @cached_property
    def archive(self) -> Archive:
        """Opened with the first shard, within reach of its error."""
        task = self.task
        engine = Engine.load(task.checkpoint, task.device)
        return Archive(task.out, engine, open_studies(task.studies), **task.asked)

    @contextmanager
    def _begun(self, number: int) -> Iterator[None]:
        """Have it noted that a shard is begun, until it ends; only of a worker that dies the note stays.

        Raises:
            ArchiveError: this is not the folder that was meant, or the shard was begun too often.
        """
        note = self._note(number)
        try:
            yield
        finally:
            note.unlink(missing_ok=True)

    def _note(self, number: int) -> Path:
        for attempt in range(MOST_TRIES):
            note = self.task.begun / f"{number}-{attempt}"
            try:
                note.touch(exist_ok=False)
                return note
            except FileExistsError:
                continue
            except OSError as error:
                raise ArchiveError(
                    f"{self.task.out} cannot be written to, or is another folder there; the nodes must share one file "
                    "system, see it under one path, and work as one user."
                ) from error
        raise ArchiveError(
            f"shard {number} was begun {MOST_TRIES} times and no worker survived it; look at their memory, or "
            "leave its studies out of the table."
        )


def _tell(archive: Archive, shard: dict[str, Any], done: Callable[[list[Row]], None]) -> None:
    if shard["failure"]:
        raise ArchiveError(shard["failure"])
    done([Row(study, error) for study, error in zip(archive.shard(shard["number"]), shard["errors"], strict=True)])


def _share(ray: ModuleType, device: str) -> tuple[str, int, dict[str, int]]:
    """The device of a worker, how many workers there is room for, and what each of them takes.

    Raises:
        ChoiceError: there is no such device, or not in this cluster.
    """
    gpus, cores = (int(ray.cluster_resources().get(kind, 0)) for kind in ("GPU", "CPU"))
    if gpus and device in ("auto", "cuda"):
        return "cuda", gpus, {"num_gpus": 1}
    if device == "cuda":
        raise ChoiceError("Device cuda was asked for, but the Ray cluster has no GPU; use --device cpu or auto.")
    choose_device(device)  # for what it says of one that is unknown
    if not cores:
        raise ChoiceError("The Ray cluster has neither a GPU nor a core to give; start its nodes with --num-cpus.")
    return "cpu", cores, {"num_cpus": 1}


@contextmanager
def _connected(address: str) -> Iterator[ModuleType]:
    """Ray, connected to a cluster until the end.

    Raises:
        ClusterError: it is not installed, or the cluster does not answer.
    """
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")  # a worker that dies is Ray's to restart, and no error
    try:
        import ray
        import ray.data
        from ray.exceptions import RayError
    except ImportError as error:
        raise ClusterError(
            "--ray needs Ray, which is not installed; `pip install 'betalens[ray]'` on each node."
        ) from error
    if address == LOCAL:
        os.environ.setdefault("MALLOC_ARENA_MAX", "1")  # Ray calls from a thread, whose tensors need the one heap, too
    else:
        _knock(address)
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR, include_dashboard=False)
    except (OSError, RuntimeError, ValueError, RayError) as error:
        why = str(error).partition("\n")[0]
        raise ClusterError(
            f"The Ray cluster at {address} cannot be used ({why}); it must run this version of Ray, and RAY_AUTH_TOKEN "
            "be its own where it asks for one."
        ) from error
    try:
        logging.getLogger("ray.data").setLevel(logging.ERROR)
        ray.data.DataContext.get_current().enable_progress_bars = False
        with redirect_stdout(sys.stderr):  # Ray tells on it of workers that died, where the result belongs
            yield ray
    finally:
        ray.shutdown()


def _knock(address: str) -> None:
    """Ray itself waits for minutes.

    Raises:
        ClusterError: nothing listens there.
    """
    host, _, port = address.rpartition(":")
    if not host or "/" in address or not port.isdecimal():
        raise ClusterError(f"--ray is {address[:60]!r}; expected HOST:PORT of the head of a Ray cluster, or {LOCAL}.")
    try:
        socket.create_connection((host.strip("[]"), int(port)), ANSWER_S).close()
    except (OSError, OverflowError) as error:
        raise ClusterError(
            f"No Ray cluster answers at {address}; start it with `ray start --head` and run this on one of its nodes."
        ) from error


@contextmanager
def _notes(out: Path) -> Iterator[Path]:
    """A folder for what workers note.

    Raises:
        ArchiveError: the archive's folder cannot be written to.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix=".workers-", dir=out.resolve()))
    except OSError as error:
        raise ArchiveError(f"{out} cannot be written to: {error.strerror}.") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
