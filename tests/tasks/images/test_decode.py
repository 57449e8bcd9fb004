"""Images are decoded upright, on white, in eight bits and no larger than need be; none is trusted."""

import io
import struct
import zlib
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image

from tasks.images.decode import (
    UnfitImageError,
    as_png,
    digest_of,
    from_png,
    look_at,
    shape_of,
)
from tasks.images.settings import SIDE
from validation.items.image_rules import DECODED, IDENTIFIED, ImageLimits

Encode = Callable[..., bytes]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def claiming(width: int, height: int) -> bytes:
    """A PNG whose head claims a size, and whose body is nothing."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", b"") + chunk(b"IEND", b"")


def test_pixels_and_measures_of_a_small_image(encode: Encode, limits: ImageLimits) -> None:
    looked = look_at(content := encode(), limits, SIDE)
    assert (looked.format, looked.mode, looked.width, looked.height) == ("PNG", "RGB", 10, 12)
    with Image.open(io.BytesIO(content)) as image:
        expected = np.asarray(image)
    assert looked.pixels is not None
    assert np.array_equal(looked.pixels, expected)
    assert looked.spread == pytest.approx(expected.std(axis=(0, 1)).max())


@pytest.mark.parametrize("kind", ["BMP", "GIF", "JPEG", "PNG", "TIFF", "WEBP"])
def test_every_format_is_known_by_its_content(
    kind: str, encode: Encode, limits: ImageLimits
) -> None:
    assert look_at(encode(kind=kind), limits, SIDE).format == kind


def test_a_large_image_is_shrunk_as_a_whole(encode: Encode, limits: ImageLimits) -> None:
    looked = look_at(encode(Image.new("RGB", (400, 200), "red")), limits, SIDE)
    assert looked.pixels is not None
    assert looked.pixels.shape == (SIDE // 2, SIDE, 3)


def test_how_large_an_image_is_kept_is_a_setting(encode: Encode, limits: ImageLimits) -> None:
    looked = look_at(encode(Image.new("RGB", (400, 200), "red")), limits, 224)
    assert looked.pixels is not None
    assert looked.pixels.shape == (112, 224, 3)


def test_a_photo_that_lies_on_its_side_is_upright(encode: Encode, limits: ImageLimits) -> None:
    wide = Image.new("RGB", (30, 12), "red")
    wide.paste("blue", (0, 0, 15, 12))
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    looked = look_at(encode(wide, "JPEG", exif=exif), limits, SIDE)
    assert looked.pixels is not None
    assert looked.pixels.shape[:2] == (30, 12)
    assert looked.pixels[2, 6].argmax() == 2


def test_what_is_transparent_is_white(encode: Encode, limits: ImageLimits) -> None:
    layered = Image.new("RGBA", (20, 20), (0, 0, 0, 0))
    layered.paste((200, 0, 0, 255), (0, 0, 10, 20))
    looked = look_at(encode(layered), limits, SIDE)
    assert looked.pixels is not None
    assert looked.pixels[0, 0].tolist() == [200, 0, 0]
    assert looked.pixels[0, 19].tolist() == [255, 255, 255]


def test_sixteen_bits_become_eight(encode: Encode, limits: ImageLimits) -> None:
    wide = np.linspace(0, 65_535, 400).reshape(20, 20).astype(np.uint16)
    looked = look_at(encode(Image.fromarray(wide)), limits, SIDE)
    assert looked.pixels is not None
    assert looked.pixels.shape == (20, 20, 1)
    assert (looked.pixels.min(), looked.pixels.max()) == (0, 255)


def test_grey_in_three_channels_is_kept_in_one(encode: Encode, limits: ImageLimits) -> None:
    grey = Image.fromarray(np.arange(200, dtype=np.uint8).reshape(10, 20))
    one, three = (look_at(encode(it), limits, SIDE).pixels for it in (grey, grey.convert("RGB")))
    assert one is not None
    assert three is not None
    assert np.array_equal(one, three)
    assert digest_of(one) == digest_of(three)


def test_what_claims_too_much_is_measured_and_not_decoded(limits: ImageLimits) -> None:
    looked = look_at(claiming(60_000, 50_000), limits, SIDE)
    assert (looked.width, looked.height, looked.pixels) == (60_000, 50_000, None)


def test_pillow_is_left_as_it_was(limits: ImageLimits, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 77)
    look_at(claiming(60_000, 50_000), limits, SIDE)
    assert Image.MAX_IMAGE_PIXELS == 77


@pytest.mark.parametrize("content", [b"%!PS-Adobe-3.0 EPSF-3.0\n", b"%PDF-1.7", b"<svg/>", b"x"])
def test_programs_and_texts_are_not_tried(content: bytes, limits: ImageLimits) -> None:
    with pytest.raises(UnfitImageError, match="of none of BMP, GIF, JPEG, PNG") as error:
        look_at(content, limits, SIDE)
    assert error.value.rule == IDENTIFIED


def test_an_image_that_is_cut_short_says_so(encode: Encode, limits: ImageLimits) -> None:
    content = encode(Image.effect_noise((60, 60), 90))
    with pytest.raises(UnfitImageError, match=r"it cannot be decoded: .*truncated") as error:
        look_at(content[: len(content) // 2], limits, SIDE)
    assert error.value.rule == DECODED


def test_whatever_a_decoder_raises_is_the_images_own_fault(
    encode: Encode, limits: ImageLimits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr(Image.Image, "thumbnail", broken)
    with pytest.raises(UnfitImageError, match="it cannot be decoded: RecursionError"):
        look_at(encode(), limits, SIDE)


@pytest.mark.parametrize("n_channels", [1, 3])
def test_png_brings_the_pixels_back(n_channels: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (7, 9, n_channels), dtype=np.uint8)
    assert np.array_equal(from_png(as_png(pixels)), pixels)
    assert as_png(pixels) == as_png(pixels.copy())
    assert shape_of(as_png(pixels)) == pixels.shape


def test_the_digest_knows_the_shape() -> None:
    pixels = np.arange(60, dtype=np.uint8)
    assert digest_of(pixels.reshape(3, 20, 1)) != digest_of(pixels.reshape(20, 3, 1))
