"""The page in a real browser."""

import io

import numpy as np
import pytest
from PIL import Image
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from support.browser import needs_browser, resize, start

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser(page):
    driver = start(1200, 900)
    driver.get(page.as_uri())
    yield driver
    driver.quit()


def drawn(browser, wanted: str):
    """Bring the 3D view on the screen and wait until it shows what was asked for."""
    view = browser.find_element("id", "structure")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", view)
    WebDriverWait(browser, 60).until(lambda _: view.get_attribute("data-drawn") == wanted)
    return view


def picture(view) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(view.screenshot_as_png)).convert("RGB"), dtype=int)


def choose(browser, name: str, value: str) -> None:
    Select(browser.find_element("id", name)).select_by_value(value)


def test_structures_are_drawn_and_can_be_chosen(browser):
    first = picture(drawn(browser, "0 element"))
    middle = first[100:-50, 150:-150]
    assert len(np.unique(middle.reshape(-1, 3), axis=0)) > 200  # shaded atoms, not one flat colour
    choose(browser, "structure-junction", "1")
    second = picture(drawn(browser, "1 element"))
    assert (np.abs(first - second).max(axis=-1) > 30).mean() > 0.01
    choose(browser, "structure-colour", "density")
    third = picture(drawn(browser, "1 density"))
    assert (np.abs(second - third).max(axis=-1) > 30).mean() > 0.01


def test_the_iso_surface_shrinks_as_its_density_is_raised(browser):
    choose(browser, "structure-colour", "surface")
    view = drawn(
        browser, browser.find_element("id", "structure-junction").get_attribute("value") + " surface"
    )
    blue = []
    for level in (-5, -2):
        browser.execute_script(
            "const l = document.getElementById('structure-level'); l.value = arguments[0];"
            "document.getElementById('structure').dataset.drawn = '';"
            "l.dispatchEvent(new Event('change'))",
            level,
        )
        WebDriverWait(browser, 60).until(lambda _: view.get_attribute("data-drawn").endswith("surface"))
        colours = picture(view)
        blue.append((colours[..., 2] - colours[..., 0] > 50).mean())
    assert blue[0] > 2 * blue[1] > 0
    choose(browser, "structure-colour", "element")


def test_the_dial_reads_off_the_conductance(browser):
    view = browser.find_element("id", "explorer-energy")
    browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", view)
    WebDriverWait(browser, 60).until(lambda _: view.get_attribute("data-drawn"))
    readout = browser.find_element("id", "explorer-readout")
    at_headline = readout.text
    dial = (
        "const d = document.getElementById('explorer-dial'); d.value = 0; d.dispatchEvent(new Event('input'))"
    )
    browser.execute_script(dial)
    assert "short" in at_headline
    assert readout.text.startswith("E = −")
    assert readout.text != at_headline


def test_the_console_is_clean(browser):
    drawn(browser, browser.find_element("id", "structure").get_attribute("data-drawn") or "0 element")
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


def test_all_images_are_shown(browser):
    sizes = browser.execute_script(
        "return [...document.images].map(image => [image.complete, image.naturalWidth])"
    )
    assert sizes
    assert all(complete and width > 0 for complete, width in sizes)


@pytest.mark.parametrize("width", [1200, 390])
def test_nothing_runs_over_the_edge(browser, width):
    resize(browser, width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width


def test_a_narrower_window_cuts_no_tip(browser):
    view = drawn(browser, browser.find_element("id", "structure").get_attribute("data-drawn") or "0 element")

    def fits(_) -> bool:
        size, width, height = browser.execute_script(
            "const v = arguments[0], a = v._fullLayout.scene.aspectratio;"
            "return [Math.max(a.x, a.y, a.z), v.clientWidth, v.clientHeight]",
            view,
        )
        return size <= 1.36 * width / height

    for width in (1200, 390):
        resize(browser, width)
        WebDriverWait(browser, 60).until(fits)
