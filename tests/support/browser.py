"""A real browser on a page of the report."""

import shutil

import pytest
from selenium import webdriver

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")

needs_browser = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        not (CHROMIUM and DRIVER), reason="needs chromium and chromedriver (Debian: chromium chromium-driver)"
    ),
]


def start(width: int, height: int) -> webdriver.Chrome:
    """Start a browser without a screen, whose window has this size."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    # Software rendering: machines that run tests have no graphics card.
    for argument in (
        "--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader", "--host-resolver-rules=MAP * ~NOTFOUND", f"--window-size={width},{height}",
    ):  # fmt: skip
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))


def resize(driver: webdriver.Chrome, width: int, height: int = 900) -> None:
    """Let the page take another size, that of a telephone below 500 pixels."""
    device = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", device)
