"""The section of the traces in a real browser."""

import pytest

from qdjunction.traces.analyses.registry import ANALYSES
from support.browser import needs_browser, resize, start

pytestmark = needs_browser


@pytest.fixture(scope="module")
def browser(traced_page):
    driver = start(1200, 900)
    driver.get(traced_page.as_uri())
    driver.execute_script("document.querySelectorAll('details').forEach(part => { part.open = true })")
    yield driver
    driver.quit()


@pytest.mark.parametrize("width", [1200, 390])
def test_traces_fit_on_the_screen_and_every_figure_is_shown(browser, width):
    resize(browser, width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    sizes = browser.execute_script(
        "return [...document.querySelectorAll('#traces img')].map(image => [image.complete, image.naturalWidth])"
    )
    assert len(sizes) == 7 * (4 + len(ANALYSES)) + 1
    assert all(complete and shown > 0 for complete, shown in sizes)
