"""What several tests are made with."""

from io import BytesIO

import numpy as np
import torch
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian

from model.config import Config
from model.import_report import ImportReport
from model.inputs import Film
from model.network import Network

NAME = "Doe^Jane^Secret"  # of the patient in every DICOM file made here
REPORT = "The heart is enlarged. There is a small left pleural effusion. No pneumothorax is seen."


def random_film(seed: int = 0, height: int = 200, width: int = 160) -> Film:
    """A film of smooth noise: what an engine can be run on without a picture at hand."""
    coarse = np.random.default_rng(seed).random((8, 8), np.float32)
    pixels = torch.nn.functional.interpolate(torch.from_numpy(coarse)[None, None], (height, width), mode="bicubic")
    return Film(pixels[0, 0].clamp(0, 1).numpy(), f"film-{seed}-{height}x{width}", "png")


def small_network(**fields) -> Network:
    """An untrained network with the packaged encoders and three findings."""
    torch.manual_seed(0)
    config = {"findings": ("Cardiomegaly", "Effusion", "Pneumothorax"), "image_size": 128, "image_channels": 64}
    network = Network(Config(**(config | fields)))
    # Untrained normalisation layers let little of a film through; these make every path count.
    network.image_reference.normal_(0, 0.1)
    network.report_reference.normal_(0, 0.1)
    return network.eval()


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
