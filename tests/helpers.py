"""What several tests are made with."""

import asyncio
from collections.abc import Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import TypeVar

import numpy as np
import torch
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian
from starlette.routing import Mount

from model.config import Config
from model.importing.report import ImportReport
from model.inference.embeddings import Reference
from model.inference.engine import Engine
from model.inference.familiarity import Known, KnownStudies
from model.inputs import Film
from model.network.network import Network
from model.studies.demo import load_demo
from model.studies.table import Study

NAME = "Doe^Jane^Secret"  # of the patient in every DICOM file made here
T = TypeVar("T")
REPORT = "The heart is enlarged. There is a small left pleural effusion. No pneumothorax is seen."


def run_async(task: Coroutine[None, None, T]) -> T:
    """The result of a coroutine, run in a thread of its own: that of the tests has Playwright's loop after the first
    test that opens a page, and `asyncio.run` refuses to start a second one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, task).result()


def random_film(seed: int = 0, height: int = 200, width: int = 160) -> Film:
    """A film of smooth noise: what an engine can be run on without a picture at hand."""
    coarse = np.random.default_rng(seed).random((8, 8), np.float32)
    pixels = torch.nn.functional.interpolate(torch.from_numpy(coarse)[None, None], (height, width), mode="bicubic")
    return Film(pixels[0, 0].clamp(0, 1).numpy(), f"film-{seed}-{height}x{width}", "png")


def chest(seed: int = 0, side: int = 128) -> np.ndarray:
    """A frontal film of a chest, one of the demo's, uint8 (side, side)."""
    studies = load_demo()
    with Image.open(studies[seed % len(studies)].image) as film:
        return np.asarray(film.convert("L").resize((side, side)))


def small_network(**fields) -> Network:
    """An untrained network with the packaged encoders and three findings."""
    torch.manual_seed(0)
    config = {"findings": ("Cardiomegaly", "Effusion", "Pneumothorax"), "image_size": 128, "image_channels": 64}
    network = Network(Config(**(config | fields)))
    # Untrained normalisation layers let little of a film through; these make every path count.
    network.image_reference.normal_(0, 0.1)
    network.report_reference.normal_(0, 0.1)
    return network.eval()


def made_up(engine: Engine, n: int = 60, agree: float = 1.0) -> tuple[Reference, tuple[Study, ...]]:
    """Studies whose image and report embeddings push one finding each, the same one with probability `agree`."""
    rng, width = np.random.default_rng(0), engine.config.width
    with torch.no_grad():
        engine.network.head.out.weight.copy_(torch.eye(3, width) * 8)
        engine.network.head.alpha = 0
    image, report, studies = np.zeros((n, width), np.float32), np.zeros((n, width), np.float32), []
    for i in range(n):
        k = int(rng.integers(3))
        other = k if rng.random() < agree else (k + 1) % 3
        image[i, :3] = report[i, :3] = -1
        image[i, k], report[i, other] = 1, 1
        image[i, :3] += rng.normal(0, 0.4, 3)
        studies.append(Study(f"s{i}", None, "r", frozenset({engine.findings[k]}), f"s{i}", "val", k != other))
    has = np.ones((n, 2), np.float32)
    return Reference(tuple(s.study_id for s in studies), image, report, has), tuple(studies)


def dicom(array, syntax=ExplicitVRLittleEndian, frame=None, **elements) -> bytes:
    """A DICOM file of an array: (rows, columns), or (rows, columns, 3) for RGB."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    ds.file_meta.MediaStorageSOPClassUID = ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.7"
    ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID = "1.2.3"
    ds.PatientName = NAME
    ds.Rows, ds.Columns = array.shape[-2:] if array.shape[-1] != 3 else array.shape[-3:-1]
    ds.SamplesPerPixel = 3 if array.shape[-1] == 3 else 1
    ds.PhotometricInterpretation = "RGB" if ds.SamplesPerPixel == 3 else "MONOCHROME2"
    if ds.SamplesPerPixel == 3:
        ds.PlanarConfiguration = 0
    ds.BitsAllocated = ds.BitsStored = array.dtype.itemsize * 8
    ds.PixelRepresentation = int(array.dtype.kind == "i")
    ds.PixelData = array.tobytes() if frame is None else encapsulate([frame])
    ds["PixelData"].VR = "OB" if ds.BitsAllocated == 8 or frame else "OW"
    for name, value in elements.items():
        setattr(ds, name, value)
    ds.HighBit = ds.BitsStored - 1
    ds.save_as(out := BytesIO(), enforce_file_format=True)
    return out.getvalue()


def reasons(report: ImportReport) -> dict[str, str]:
    """Why each record was left out."""
    return {left.where: str(left.reason) for left in report.left_out}


def routes_of(routes: Iterable, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Every method and path that an application answers to."""
    for route in routes:
        if isinstance(route, Mount):
            yield from routes_of(route.routes, prefix + route.path)
        elif hasattr(route, "original_router"):  # FastAPI's own, of a router that was included
            yield from routes_of(route.original_router.routes, prefix + route.include_context.prefix)
        elif getattr(route, "methods", None):
            yield from ((method, prefix + route.path or "/") for method in route.methods)


def unlike_films(engine: Engine) -> KnownStudies:
    """What a model may have learnt from, of which no film is like, and every report: of 60 held-out studies each."""
    channels = {"image": engine.encode(random_film(), "").texture, "report": engine.encode(None, "x").pooled.report}
    sizes = {modality: vector.shape[1] for modality, vector in channels.items()}
    held_out = {"image": np.zeros(60), "report": np.full(60, 9.0)}  # vectors of unit length are 1 from nothing
    known = {m: Known(np.zeros(size), np.eye(size), held_out[m]) for m, size in sizes.items()}
    return KnownStudies(known, frontal=False)
