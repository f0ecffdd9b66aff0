"""What reading a film costs: in a process of its own, in one for the films of a table, and by Pillow in this one.

python benchmarks/decoding.py
"""

import io
import time

import imagecodecs
import numpy as np
from PIL import Image

from model.inputs import read_film
from model.studies.opening import open_studies

ROUNDS = 15


def main() -> None:
    demo = open_studies(None).studies[0].image.read_bytes()
    cases = {"a film of the demo, 320 x 320, WebP": demo} | films(4000, 3000)
    print(f"fastest of {ROUNDS}, ms: alone | of a table | Pillow")
    for name, data in cases.items():
        print(name, *(f"| {fastest(read, data):.1f}" for read in (read_film, of_a_table, by_pillow)))


def films(width: int, height: int) -> dict[str, bytes]:
    """A film with the noise of a detector, as files."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    noise = np.random.default_rng(0).normal(0, 20, (height, width))
    twelve = (2000 + 1500 * np.sin(x / 300) * np.cos(y / 400) + noise).clip(0, 4095).astype(np.uint16)
    Image.fromarray((twelve >> 4).astype(np.uint8)).save(jpeg := io.BytesIO(), "JPEG", quality=90)
    size = f"{width} x {height}"
    return {f"{size}, JPEG": jpeg.getvalue(), f"{size}, 12 bits in PNG": imagecodecs.png_encode(twelve, level=3)}


def of_a_table(data: bytes) -> np.ndarray:
    return read_film(data, alone=False).pixels


def by_pillow(data: bytes) -> np.ndarray:
    image = Image.open(io.BytesIO(data))
    return np.asarray(image.convert("L") if image.mode == "RGB" else image, np.float32) / 255


def fastest(read, data: bytes) -> float:
    times = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        read(data)
        times.append(time.perf_counter() - start)
    return min(times) * 1000


if __name__ == "__main__":
    main()
