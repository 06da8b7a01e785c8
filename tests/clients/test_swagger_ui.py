"""Chromium on /docs/: Swagger UI reads the document, sends a request and shows the answer, and asks nobody else."""

import json
import shutil
import urllib.parse

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.support.expected_conditions import element_to_be_clickable
from selenium.webdriver.support.wait import WebDriverWait

WAIT = 60.0  # seconds until a missing element is a failure


def installed(program):
    path = shutil.which(program)
    assert path, f"{program} is missing: `make deps-clients` installs it"
    return path


class Browser:
    """Chromium without a window, and what it did."""

    def __init__(self, folder):
        options = webdriver.ChromeOptions()
        options.binary_location = installed("chromium")
        # It opens only pages of the server under test, often as root in a container with a small /dev/shm.
        for flag in ("headless=new", "no-sandbox", "disable-dev-shm-usage", "disable-gpu", "no-first-run"):
            options.add_argument(f"--{flag}")
        for flag in ("disable-background-networking", "disable-component-update", "no-proxy-server"):
            options.add_argument(f"--{flag}")
        options.add_argument("--window-size=1280,2000")
        options.add_argument(f"--user-data-dir={folder}")
        options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
        # With both paths given selenium looks for neither on the internet.
        self.driver = webdriver.Chrome(options=options, service=Service(installed("chromedriver")))

    def wait_for(self, condition):
        return WebDriverWait(self.driver, WAIT).until(condition)

    def find(self, css):
        return self.wait_for(lambda driver: driver.find_element(By.CSS_SELECTOR, css))

    def click(self, css):
        self.wait_for(element_to_be_clickable((By.CSS_SELECTOR, css))).click()

    def requested(self):
        """The addresses that pages asked for since the last call, in order."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        events = [message["params"] for message in messages if message["method"] == "Network.requestWillBeSent"]
        # Chromium first opens a page of its own.
        own = "chrome://"
        return [event["request"]["url"] for event in events if not event["documentURL"].startswith(own)]

    def complaints(self):
        """What the console was told since the last call that is an error."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]


@pytest.fixture
def docs(url, tmp_path):
    """The page, once it shows operations."""
    browser = Browser(tmp_path / "profile")
    try:
        browser.driver.get(f"{url}/docs/")
        assert browser.driver.find_elements(By.ID, "swagger-ui"), "this binary was built without Swagger UI"
        browser.find(".opblock")
        yield browser
    finally:
        browser.driver.quit()


def elsewhere(addresses, url):
    """Those of the addresses that lead to another origin."""
    inline = ("data", "blob")
    parts = [(address, urllib.parse.urlsplit(address)) for address in addresses]
    return [address for address, at in parts if at.scheme not in inline and f"{at.scheme}://{at.netloc}" != url]


def test_a_request_from_the_page(docs, server, url):
    mark = "[data-path='/embed']"
    block = f".opblock-post:has({mark})"
    docs.click(f"{block} .opblock-summary-control")
    docs.click(f"{block} .try-out__btn")
    sent = json.loads(docs.find(f"{block} textarea").get_attribute("value"))
    docs.click(f"{block} .execute")

    answer = f"{block} .live-responses-table .response"
    assert docs.find(f"{answer} .response-col_status").text.split()[0] == "200"
    shown = json.loads(docs.find(f"{answer} .highlight-code code").get_attribute("textContent"))
    assert len(shown[0]) == 384
    assert shown == server.post("/embed", sent).json()

    requested = docs.requested()
    assert {f"{url}{path}" for path in ("/docs/", "/docs/start.js", "/api-doc/openapi.json", "/embed")} <= set(requested)
    assert elsewhere(requested, url) == []
    assert docs.complaints() == []


def test_every_operation_of_the_document_is_shown(docs, server):
    document = server.get("/api-doc/openapi.json").json()
    expected = {(method, path) for path, methods in document["paths"].items() for method in methods}
    shown = docs.driver.execute_script(
        "return [...document.querySelectorAll('.opblock')].map(block => ["
        "block.querySelector('.opblock-summary-method').textContent.toLowerCase(),"
        "block.querySelector('[data-path]').dataset.path])"
    )
    assert {tuple(pair) for pair in shown} == expected
    assert docs.complaints() == []


def test_style_sheet_and_icon_are_there(docs):
    rules = docs.driver.execute_script(
        "return document.querySelector('link[rel=stylesheet]').sheet.cssRules.length"
    )
    assert rules > 100
    # A browser without a window may never ask for the icon by itself.
    width = docs.driver.execute_async_script(
        "const done = arguments[arguments.length - 1]; const icon = new Image();"
        "icon.onload = () => done(icon.naturalWidth); icon.onerror = () => done(0);"
        "icon.src = document.querySelector('link[rel=icon]').href"
    )
    assert width == 32
    assert docs.complaints() == []


def test_the_page_cannot_ask_others(docs, server, url):
    """Also shows that the lists which the other tests want empty do fill."""
    other = f"http://localhost:{server.port}/health"  # the same server, yet another origin
    ask = "const done = arguments[1]; fetch(arguments[0], {mode: 'no-cors'}).then(() => done(true), () => done(false))"
    assert not docs.driver.execute_async_script(ask, other)
    assert any("Content Security Policy" in text for text in docs.complaints())
    assert elsewhere(docs.requested(), url) == []

    docs.driver.execute_cdp_cmd("Page.setBypassCSP", {"enabled": True})
    docs.driver.refresh()
    docs.driver.execute_async_script(ask, other)
    assert elsewhere(docs.requested(), url) == [other]
