"""Why a file is refused: one sentence for the practitioner and one stable code for scripts, for each class of failure.

The child process that decodes names only the key of a refusal and some numbers; the sentence is made here, by the
process that is trusted. So a file that takes over the decoder cannot put words on the screen.
"""

from __future__ import annotations

from dataclasses import dataclass

from tracker.errors import PhotoRejected

MAX_BYTES = 50_000_000
MAX_PIXELS = 60_000_000
MIN_SIDE = 256
MAX_SIDE = 12_000
MAX_JPEG_SCANS = 64


@dataclass(frozen=True, slots=True)
class Refusal:
    """One class of failure: its code, and what is said after the name of the file."""

    code: str
    text: str


class Unfit(Exception):
    """Raised where a fault is found; becomes a `PhotoRejected` in the process that asked.

    Parameters
    ----------
    key : str
        Of `REFUSALS`.
    **values : int
        Numbers for the sentence.
    """

    def __init__(self, key: str, **values: int) -> None:
        super().__init__(key)
        self.key, self.values = key, values


REFUSALS = {
    "empty": Refusal(code="empty", text="is an empty file; please send the photo again."),
    "too_large": Refusal(
        code="too_large",
        text=f"is larger than {MAX_BYTES // 1_000_000} MB; please send the camera's JPEG instead.",
    ),
    "not_a_photo": Refusal(
        code="not_a_photo", text="is not a photo; please send a JPEG, PNG, WebP or 8-bit TIFF file."
    ),
    "gif": Refusal(
        code="not_a_photo", text="is a GIF, whose few colours cannot be measured; please send the camera's JPEG."
    ),
    "bmp": Refusal(code="not_a_photo", text="is a BMP file, which is not read here; please save it as PNG or JPEG."),
    "avif": Refusal(
        code="not_a_photo", text="is an AVIF or JPEG XL file, which is not read here; please export it as JPEG."
    ),
    "jpeg_2000": Refusal(
        code="not_a_photo", text="is a JPEG 2000 file, which is not read here; please export it as JPEG or PNG."
    ),
    "video": Refusal(code="not_a_photo", text="is a video, not a photo; please send a photo as JPEG."),
    "heic": Refusal(
        code="heic_unavailable",
        text="is an HEIC file, which this installation does not read; please export it as JPEG "
        "(on an iPhone: Settings, Camera, Formats, Most Compatible), or have the extra “heic” installed.",
    ),
    "raw": Refusal(
        code="raw_file",
        text="is a raw file of a camera (such as DNG), which has no settled colours; please send the JPEG that the "
        "camera can save beside it.",
    ),
    "damaged": Refusal(
        code="damaged", text="is damaged or cut off, so it was not used; please send the original file again."
    ),
    "too_many_pixels": Refusal(
        code="too_many_pixels",
        text=f"has more than {MAX_PIXELS // 1_000_000} megapixels or a side over {MAX_SIDE} pixels; "
        "please send it at the camera's normal size.",
    ),
    "too_small": Refusal(
        code="too_small",
        text=f"is only {{width}} × {{height}} pixels, too small to measure; at least {MIN_SIDE} on the short side are "
        "needed, and 1500 are better.",
    ),
    "many_scans": Refusal(
        code="too_complex",
        text="is built from an unreasonable number of scans; please save it again as an ordinary JPEG.",
    ),
    "too_complex": Refusal(
        code="too_complex",
        text="would need an unreasonable amount of memory to read; please save it again as an ordinary JPEG.",
    ),
    "too_slow": Refusal(
        code="too_slow", text="took too long to read; please try once more, or save it again as an ordinary JPEG."
    ),
    "several_pictures": Refusal(
        code="several_pictures",
        text="holds several pictures (an animation or several pages); please send one photo per file.",
    ),
    "print_colours": Refusal(
        code="print_colours", text="is in printing colours (CMYK or Lab); please export it as an sRGB JPEG."
    ),
    "unusual_tiff": Refusal(
        code="unsupported_depth",
        text="is a TIFF with more than 8 bits per channel or an unusual layout; "
        "please export it as 8-bit TIFF, PNG or JPEG.",
    ),
    "unusual_grey": Refusal(
        code="unsupported_depth",
        text="is a greyscale TIFF with an unusual depth; please export it as 8-bit TIFF, PNG or JPEG.",
    ),
    "unusual_jpeg": Refusal(
        code="unsupported_depth",
        text="is a JPEG of an unusual kind (lossless, arithmetic, or 12 bits deep); please save it again as an "
        "ordinary JPEG.",
    ),
    "floating_point": Refusal(
        code="unsupported_depth",
        text="holds floating-point numbers, not a photo; please send the camera's JPEG.",
    ),
    "high_range": Refusal(
        code="unsupported_depth",
        text="is an HDR photo, whose brightness cannot be compared; please switch HDR off, or export it as JPEG.",
    ),
    "decoder_failed": Refusal(
        code="decoder_failed",
        text="made the decoder fail, so it was not used; please save it again as an ordinary JPEG.",
    ),
}


def refused(key: str, shown: str, **values: int) -> PhotoRejected:
    """The refusal of one file.

    Parameters
    ----------
    key : str
        Of `REFUSALS`.
    shown : str
        Name of the file, as `display_name` shows it.
    **values : int
        Numbers the sentence needs.
    """
    refusal = REFUSALS[key]
    return PhotoRejected(f"{shown} {refusal.text.format(**values)}", code=refusal.code)
