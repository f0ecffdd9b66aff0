"""What is read at most. Each limit is checked before anything is decoded, and named in the sentence that refuses."""

from model.errors import ImageError

MAX_BYTES = 64 * 2**20  # the largest uncompressed detector (about 30 megapixels at 16 bits) fits
MAX_PIXELS = 40_000_000  # as float32 160 MB: one hostile upload cannot exhaust a server
MIN_SIDE = 32  # below this nothing anatomical can be told apart
MAX_ASPECT = 10  # longer strips (a full spine is 4:1) vanish when letterboxed into the encoder's square
MAX_FRAMES = 100  # a film is one frame; what holds more is a series or a cine, and its first frame says little
MAX_SCANS = 100  # a progressive JPEG has about 10; thousands of empty ones keep a decoder busy for minutes


def check_size(width: int, height: int) -> None:
    """
    Raises:
        ImageError: too many pixels, or too small or too long for a film.
    """
    if width * height > MAX_PIXELS:
        raise ImageError(
            f"The image has {width} x {height} pixels, more than the {MAX_PIXELS:,} that are read: send a smaller one."
        )
    if min(width, height) < MIN_SIDE or max(width, height) > MAX_ASPECT * min(width, height):
        raise ImageError(
            f"The image has {width} x {height} pixels; a film has at least {MIN_SIDE} on each side and is at most "
            f"{MAX_ASPECT} times as long as wide: send the whole film."
        )


def check_frames(frames: int) -> None:
    """
    Raises:
        ImageError: too many frames.
    """
    if frames > MAX_FRAMES:
        raise ImageError(f"The file has more than {MAX_FRAMES} frames: send the one that is the film.")


def check_scans(scans: int) -> None:
    """
    Raises:
        ImageError: too many scans of a JPEG.
    """
    if scans > MAX_SCANS:
        raise ImageError(f"The JPEG has more than {MAX_SCANS} scans: export it again as baseline JPEG or PNG.")
