"""Pictures of the screen, small enough to be kept."""

from io import BytesIO
from pathlib import Path

from PIL import Image, ImageChops, ImageStat
from playwright.async_api import FloatRect, Locator, Page

COLOURS = 64
MARGIN = 16
MOST_BYTES = 40_000


async def take(of: Locator, file: Path) -> None:
    """Write a picture of what is seen of something without scrolling.

    Fails if it is empty or larger than a document should hold.
    """
    page = of.page
    box, size = await of.bounding_box(), page.viewport_size
    assert box
    assert size
    bottom = min(box["y"] + box["height"], size["height"])
    clip: FloatRect = {**box, "height": bottom - box["y"]}
    _write(await page.screenshot(clip=clip), file)


async def take_screen(page: Page, file: Path) -> None:
    """Write a picture of all that a person sees without scrolling."""
    _write(await page.screenshot(), file)


async def is_dark(page: Page) -> bool:
    """Tell whether most of the page is."""
    with Image.open(BytesIO(await page.screenshot())) as picture:
        return ImageStat.Stat(picture.convert("L")).median[0] < 128


def _write(png: bytes, file: Path) -> None:
    with Image.open(BytesIO(png)) as screenshot:
        picture = screenshot.convert("RGB")
    size = picture.size
    background = Image.new("RGB", size, picture.getpixel((0, 0)))
    box = ImageChops.difference(picture, background).getbbox()
    assert box, f"{file.name} shows nothing"
    # Nobody has to scroll past what is empty below.
    picture = picture.crop((0, 0, size[0], min(box[3] + MARGIN, size[1])))
    picture.quantize(COLOURS).save(file, optimize=True)
    assert file.stat().st_size < MOST_BYTES, f"{file.name}: {file.stat().st_size} bytes"
