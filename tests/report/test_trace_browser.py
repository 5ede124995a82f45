"""The section of the traces in a real browser."""

import pytest
from test_report_browser import pytestmark as needs_browser
from test_report_browser import start

pytestmark = needs_browser


@pytest.mark.parametrize("width", [1200, 390])
def test_traces_fit_on_the_screen_and_every_figure_is_shown(traced_page, width):
    driver = start(width, 900)
    try:
        driver.get(traced_page.as_uri())
        device = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)
        driver.execute_script("document.querySelectorAll('details').forEach(part => { part.open = true })")
        assert driver.execute_script("return document.documentElement.scrollWidth") <= width
        sizes = driver.execute_script(
            "return [...document.querySelectorAll('#traces img')].map(image => [image.complete, image.naturalWidth])"
        )
        assert len(sizes) == 7 * 6 + 1
        assert all(complete and shown > 0 for complete, shown in sizes)
    finally:
        driver.quit()
