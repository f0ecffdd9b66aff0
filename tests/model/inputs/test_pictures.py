"""A picture is read as Pillow reads it, bit by bit, and at full precision where Pillow has only 8 bits."""

import base64
import hashlib
import io
import struct
import zlib

import imagecodecs
import numpy as np
import pytest
import tifffile
from films import (
    COLOUR,
    RAMP8,
    RAMP12,
    RAMP16,
    SPECKLE,
    as_pillow_shows,
    bmp,
    every,
    packed_tiff,
    ramps,
    saved,
    stretched,
    tiff,
)
from PIL import Image

from model.errors import ImageError
from model.inputs import read_film

PICTURES = [name for name in every() if name not in ramps() and not name.startswith("DICOM")]


@pytest.mark.parametrize("name", PICTURES)
def test_an_8_bit_picture_is_what_pillow_decodes_divided_by_255(name):
    data = every()[name]
    film = read_film(data)
    assert film.format == name.split(",")[0].split()[0].lower()
    assert film.sha256 == hashlib.sha256(data).hexdigest()
    assert film.pixels.dtype == np.float32
    assert film.pixels.flags.c_contiguous
    np.testing.assert_array_equal(film.pixels, as_pillow_shows(data))


@pytest.mark.parametrize("name", ramps())
def test_a_ramp_of_12_or_16_bits_keeps_its_levels(name):
    assert len(np.unique(read_film(ramps()[name]).pixels)) > (250 if "lossy" in name else 3000)


@pytest.mark.parametrize(
    ("data", "values"),
    [
        (saved(RAMP16, "PNG"), RAMP16),
        (tiff(RAMP16, compression="zlib"), RAMP16),
        (packed_tiff(RAMP12), RAMP12),
        (tiff(RAMP12.astype(np.int16) - 2048), RAMP12),
        (tiff(RAMP12.astype(np.float32) / 7), RAMP12),
    ],
)
def test_more_than_8_bits_are_stretched_between_robust_percentiles(data, values):
    np.testing.assert_allclose(read_film(data).pixels, stretched(values), atol=1e-6)


def test_16_bit_colour_keeps_more_than_8_bits():
    colour = np.dstack([RAMP16] * 3)
    np.testing.assert_allclose(read_film(tiff(colour, photometric="rgb")).pixels, stretched(RAMP16), atol=1e-6)


@pytest.mark.parametrize("turn", range(1, 9))
@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_every_exif_orientation_is_applied(format, turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    data = saved(SPECKLE, format, exif=exif)
    pixels = read_film(data).pixels
    assert pixels.shape == ((60, 80) if turn < 5 else (80, 60))
    np.testing.assert_array_equal(pixels, as_pillow_shows(data))


def test_16_bits_are_turned_too():
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was turned: rotate by 90 degrees clockwise
    np.testing.assert_allclose(
        read_film(saved(RAMP12, "PNG", exif=exif)).pixels, stretched(np.rot90(RAMP12, -1)), atol=1e-6
    )


def test_transparency_is_black_whole_or_half():
    alpha = np.zeros_like(RAMP8)
    alpha[:, 40:] = 255
    alpha[:, 60:] = 128
    for mode in ("LA", "RGBA"):
        image = Image.fromarray(SPECKLE).convert(mode)
        image.putalpha(Image.fromarray(alpha))
        data = saved(image, "PNG")
        pixels = read_film(data).pixels
        assert (pixels[:, :40] == 0).all()
        np.testing.assert_array_equal(pixels[:, 40:60], SPECKLE[:, 40:60].astype(np.float32) / 255)
        np.testing.assert_allclose(pixels, as_pillow_shows(data), atol=0.5 / 255 + 1e-6)


def test_a_colour_that_is_transparent_is_black():
    palette = Image.fromarray(COLOUR).quantize(16)
    data = saved(palette, "PNG", transparency=3)
    np.testing.assert_array_equal(read_film(data).pixels, as_pillow_shows(data))
    data = saved(RAMP8, "PNG", transparency=70)
    assert (read_film(data).pixels[RAMP8 == 70] == 0).all()


@pytest.mark.parametrize("colours", [2, 4, 16, 256])
@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF"])
def test_palettes_of_every_depth_are_read(format, colours):
    bits = {"bits": int(np.log2(colours))} if format == "PNG" else {}
    data = saved(Image.fromarray(COLOUR).quantize(colours), format, **bits)
    np.testing.assert_array_equal(read_film(data).pixels, as_pillow_shows(data))


def test_a_palette_whose_writer_used_the_lower_byte_is_read():
    palette = np.stack([np.arange(256, dtype=np.uint16)] * 3)
    data = tiff(RAMP8, photometric="palette", colormap=palette)
    np.testing.assert_array_equal(read_film(data).pixels, RAMP8.astype(np.float32) / 255)


BYTES = np.random.default_rng(2).integers(0, 256, 60 * 320 + 1024, dtype=np.uint8).tobytes()
BMPS = {
    "16 colours": bmp(4, BYTES[: 60 * 40], BYTES[-64:]),
    "256 colours": bmp(8, BYTES[: 60 * 80], BYTES[-1024:]),
    "from the top": bmp(8, BYTES[: 60 * 80], BYTES[-1024:], height=-60),
    "rows that are filled up": bmp(24, BYTES[: 60 * 240], width=79),
    "15 bits": bmp(16, BYTES[: 60 * 160]),
    "16 bits": bmp(16, BYTES[: 60 * 160], masks=struct.pack("<3I", 0xF800, 0x07E0, 0x001F)),
    "32 bits": bmp(32, BYTES[: 60 * 320]),
    "32 bits in fields": bmp(32, BYTES[: 60 * 320], masks=struct.pack("<3I", 0xFF0000, 0xFF00, 0xFF)),
}


@pytest.mark.parametrize("name", BMPS)
def test_a_bmp_of_any_depth_is_read(name):
    np.testing.assert_array_equal(read_film(BMPS[name]).pixels, as_pillow_shows(BMPS[name]))


@pytest.mark.parametrize("white_is_zero", [True, False])
@pytest.mark.parametrize("values", [SPECKLE > 99, SPECKLE, RAMP16])
def test_a_tiff_in_which_zero_is_white_is_inverted(values, white_is_zero):
    usual = read_film(tiff(values, photometric="minisblack")).pixels
    other = read_film(tiff(values, photometric="miniswhite" if white_is_zero else "minisblack")).pixels
    np.testing.assert_allclose(other, 1 - usual if white_is_zero else usual, atol=1e-6)


def test_a_tiff_says_whether_its_alpha_is_multiplied_in():
    two = np.dstack([SPECKLE, np.full_like(SPECKLE, 128)])
    grey = SPECKLE.astype(np.float32) / 255
    for meaning, expected in (("unassalpha", grey * 128 / 255), ("assocalpha", grey), ("unspecified", grey)):
        data = tiff(two, photometric="minisblack", extrasamples=[meaning], planarconfig="contig")
        np.testing.assert_allclose(read_film(data).pixels, expected, atol=0.51 / 255)


def test_a_plane_for_each_colour_is_read():
    data = tiff(np.moveaxis(COLOUR, -1, 0).copy(), photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_film(data).pixels, read_film(saved(COLOUR, "PNG")).pixels)


def test_of_several_frames_the_first_is_read():
    first, second = Image.fromarray(SPECKLE), Image.fromarray(255 - SPECKLE)
    expected = SPECKLE.astype(np.float32) / 255
    for format, options in (("PNG", {}), ("WEBP", {"lossless": True}), ("TIFF", {})):
        data = saved(first, format, save_all=True, append_images=[second], **options)
        np.testing.assert_array_equal(read_film(data).pixels, expected)


def test_an_interlaced_png_is_read():
    # Adam7's passes over the rows, filtered by nothing.
    passes = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1)]
    rows = b"".join(b"\0" + row.tobytes() for y, x, dy, dx in passes for row in SPECKLE[y::dy, x::dx])

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    head = struct.pack(">IIBBBBB", 80, 60, 8, 0, 0, 0, 1)
    data = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    np.testing.assert_array_equal(read_film(data).pixels, SPECKLE.astype(np.float32) / 255)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (bmp(8, b"\x50\x07\0\0" * 60 + b"\0\1", BYTES[-1024:], compression=1), "BMP is compressed"),
        (tiff(np.zeros((60, 80, 3), np.uint8), photometric="cielab"), "neither greyscale nor RGB nor CMYK"),
        (tiff(np.zeros((60, 80, 3), np.float32), photometric="rgb"), "neither greyscale nor"),
        (tiff(np.full((60, 80), np.nan, np.float32)), "holds no number"),
    ],
)
def test_what_is_no_film_says_what_to_send(data, reason):
    with pytest.raises(ImageError, match=reason):
        read_film(data)


def pages(*arrays: tuple[np.ndarray, dict]) -> bytes:
    """A TIFF of several pages, each with its own tags."""
    with tifffile.TiffWriter(out := io.BytesIO()) as file:
        for array, options in arrays:
            file.write(array, metadata=None, **options)
    return out.getvalue()


THUMBNAIL = SPECKLE[::4, ::4]
GREY = SPECKLE.astype(np.float32) / 255
FULL, REDUCED = {"subfiletype": 0}, {"subfiletype": 1}
PAGES = {
    "a thumbnail first": pages((THUMBNAIL, REDUCED), (SPECKLE, FULL)),
    "a thumbnail that is not called one": pages((THUMBNAIL, FULL), (SPECKLE, FULL)),
    "a thumbnail last": pages((SPECKLE, FULL), (THUMBNAIL, REDUCED)),
    "a larger one that is called reduced": pages((np.tile(255 - SPECKLE, (2, 2)), REDUCED), (SPECKLE, FULL)),
    "a pyramid below": pages((SPECKLE, FULL | {"subifds": 2}), (SPECKLE[::2, ::2], REDUCED), (THUMBNAIL, REDUCED)),
    "the film below its thumbnail": pages((THUMBNAIL, REDUCED | {"subifds": 1}), (SPECKLE, FULL)),
    "reduced, all of them": pages((SPECKLE, REDUCED)),
}


@pytest.mark.parametrize("name", PAGES)
def test_of_a_tiffs_pages_the_largest_is_the_film(name):
    np.testing.assert_array_equal(read_film(PAGES[name]).pixels, GREY)


@pytest.mark.parametrize("compression", ["lerc", "jpegxl", "jpegxr"])
def test_a_tiff_that_is_compressed_in_a_way_that_is_not_read_says_so(compression):
    with pytest.raises(ImageError, match="compressed in a way that is not read"):
        read_film(tiff(SPECKLE, compression=compression))


@pytest.mark.parametrize("compression", ["lzma", "zstd", "webp", "png", "jpeg2000", "packbits", "deflate"])
def test_every_compression_that_is_named_is_read(compression):
    data = tiff(COLOUR, photometric="rgb", compression=compression)
    np.testing.assert_allclose(read_film(data).pixels, read_film(saved(COLOUR, "PNG")).pixels, atol=0.05)


HOLE = (slice(5, 25), slice(30, 70))
NO_DATA = {
    "-9999": (RAMP12.astype(np.float32), -9999, {}),
    "-9999 of 64 bits": (RAMP12.astype(np.float64) / 4095, -9999, {}),
    "the lowest number": (RAMP12.astype(np.float32), np.finfo(np.float32).min, {}),
    "-32768": (RAMP12.astype(np.int16) - 1000, -32768, {}),
    "what the file says": (RAMP12, 0, {"extratags": [(42113, 2, None, "0", True)]}),
    "what the file says, white": (RAMP12, 65535, {"extratags": [(42113, 2, None, "65535 ", True)]}),
}


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
@pytest.mark.parametrize("name", NO_DATA)
def test_what_a_tiff_holds_no_data_for_is_black_and_has_no_say_in_the_contrast(name, photometric):
    values, none, options = NO_DATA[name]
    values, seen = values.copy() + (name[0] == "w"), np.ones(values.shape, bool)
    values[HOLE], seen[HOLE] = none, False
    low, high = np.percentile(values[seen], (0.5, 99.5))
    expected = np.clip((values - np.float64(low)) / (high - low), 0, 1)
    expected = np.where(seen, expected if photometric == "minisblack" else 1 - expected, 0)
    data = tiff(values, photometric=photometric, **options)
    np.testing.assert_allclose(read_film(data).pixels, expected, atol=1e-5)


def test_a_low_value_that_is_no_gap_is_a_value():
    values = RAMP12.astype(np.float32) * 5 - 9999
    np.testing.assert_allclose(read_film(tiff(values)).pixels, stretched(values), atol=1e-6)


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "WEBP"])
@pytest.mark.parametrize("bits", [10, 12, 14])
def test_8_bits_of_which_the_upper_were_never_used_are_stretched(format, bits):
    dark = (RAMP16 >> (16 - bits) >> 8).astype(np.uint8)  # what 16 bits per pixel leave if the lower 8 are dropped
    options = {"lossless": True} if format == "WEBP" else {}
    np.testing.assert_allclose(read_film(saved(dark, format, **options)).pixels, stretched(dark), atol=1e-6)
    full = dark.copy()
    full[0, 0] = 64
    np.testing.assert_array_equal(read_film(saved(full, format, **options)).pixels, full.astype(np.float32) / 255)


TRAILERS = {
    "nothing": b"",
    "a video": b"\0\0\0\x18ftypmp42" + np.random.default_rng(6).bytes(100_000) + b"\xff\xda" * 500,
    "another picture": saved(255 - SPECKLE, "JPEG", progressive=True) * 40,
    "zeros": bytes(5000),
    "ends": b"\xff\xd9" * 99,
}


@pytest.mark.parametrize("behind", TRAILERS)
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"restart_marker_blocks": 1}], ids=str)
def test_what_stands_behind_a_jpeg_is_no_part_of_it(options, behind):
    data = saved(SPECKLE, "JPEG", **options)
    np.testing.assert_array_equal(read_film(data + TRAILERS[behind]).pixels, as_pillow_shows(data))


def test_a_jpeg_that_is_cut_off_is_damaged_though_a_whole_one_stands_behind():
    data = saved(SPECKLE, "JPEG")
    for cut in (data[:-2], data[: len(data) * 6 // 10], data[:-2] + b"\xff\xd8"):
        with pytest.raises(ImageError, match="damaged or cut off"):
            read_film(cut)


SMOOTH = np.dstack([RAMP8, RAMP8[::-1], RAMP8[:, ::-1]])


@pytest.mark.parametrize(("values", "expected"), [(SPECKLE, GREY), (RAMP12, stretched(RAMP12)), (SMOOTH, None)])
def test_a_bare_jpeg_ls_is_read(values, expected):
    film = read_film(imagecodecs.jpegls_encode(values))
    assert film.format == "jpeg"
    expected = read_film(saved(SMOOTH, "PNG")).pixels if expected is None else expected
    np.testing.assert_allclose(film.pixels, expected, atol=1e-6)


# `cjpeg -arithmetic -quality 95` of the sums of row and column, 48 by 64.
ARITHMETIC = """
/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAIBAQEBAQIBAQECAgICAgQDAgICAgUEBAMEBgUGBgYFBgYGBwkIBgcJBwYGCAsICQoK
CgoKBggLDAsKDAkKCgr/yQALCAAwAEABAREA/8wABgAQEAX/2gAIAQEAAD8A/wDyXw1u5ZaPnGH3ju5sFbjWIfR0G69BdeYcgyAY
suvv/Jsdxl6zzjQ8AhTXBeG4ORwpN5+Go3NYOq9eVnHz1Z+tEjrvpNYpwsJjP8tay3F5dMrwef1HEmoFj2S8Z6b/AKyXs/e3hKgM
c+g1eCVR72yjreuOKa4Nrkv/2Q==
"""


def test_a_jpeg_coded_arithmetically_is_read():
    pixels = read_film(base64.b64decode(ARITHMETIC)).pixels
    np.testing.assert_allclose(pixels * 255, np.add.outer(np.arange(48), np.arange(64)), atol=3)


@pytest.mark.parametrize(
    ("kind", "largest"), [(np.float64, 1e300), (np.float64, -1e39), (np.float32, 3e38), (np.float32, -3e38)]
)
def test_no_floating_value_is_too_large_to_be_shown(kind, largest):
    values = RAMP12 / 4095 - 0.5
    np.testing.assert_allclose(
        read_film(tiff((values * largest).astype(kind))).pixels, stretched(values * np.sign(largest)), atol=1e-5
    )
