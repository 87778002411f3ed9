"""A headless Chromium as a person would sit before it: a size, a theme, keys, paper; and what it complained about."""

from __future__ import annotations

import base64
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
_PROBES = Path(__file__).with_name("probes.js").read_text(encoding="utf-8")
PHONES, DESKTOPS = ((360, 740), (390, 844)), ((1280, 800), (1920, 1080))
# What the browser does of its own accord, and nothing outside this machine can be reached.
_QUIET = (
    "--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--no-default-browser-check",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-default-apps",
    "--disable-domain-reliability", "--metrics-recording-only", "--disable-quic",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)  # fmt: skip
# Before a page's own script: a violation of its policy and every dialogue leave a trace.
_WITNESS = """
window.violations = [];
addEventListener("securitypolicyviolation", ({violatedDirective, blockedURI}) =>
  window.violations.push(`${violatedDirective} ${blockedURI}`));
window.alert = window.confirm = window.prompt = () => { window.hacked = "a dialogue was opened"; };
"""


def missing() -> str:
    """What this machine lacks for tests in a browser, with what to do; empty where it lacks nothing."""
    programs = [name for name in ("chromium", "chromedriver") if shutil.which(name) is None]
    if programs:
        return f"no {' and no '.join(programs)} on this machine (Debian: chromium, chromium-driver)"
    return "" if AXE.is_file() else "no axe-core in node_modules (npm ci)"


class Chromium:
    """The browser; `page` says which page is open and how it is looked at."""

    def __init__(self, driver: Chrome) -> None:
        self._driver = driver
        self.cdp("Page.enable")
        self.cdp("Page.addScriptToEvaluateOnNewDocument", source=_WITNESS)

    def cdp(self, command: str, **options: Any) -> Any:
        """What the browser's own protocol answers."""
        return self._driver.execute_cdp_cmd(command, options)

    def open(self, url: str) -> None:
        """Load a page; returns when all of it is there. What was complained about before is forgotten."""
        self.complaints()
        self._driver.get(url)

    def look(
        self, size: tuple[int, int] = DESKTOPS[0], *, dark: bool = False, media: str = "screen", **features: str
    ) -> None:
        """The size of the window (that of a phone is touched), the theme, and features such as `forced_colors`."""
        phone = size in PHONES
        self.cdp("Emulation.setDeviceMetricsOverride", width=size[0], height=size[1], deviceScaleFactor=1, mobile=phone)
        calm = {"prefers_reduced_motion": "reduce"}  # nothing is still on its way when it is looked at
        wanted = {"prefers_color_scheme": "dark" if dark else "light", **calm, **features}
        named = [{"name": name.replace("_", "-"), "value": value} for name, value in wanted.items()]
        self.cdp("Emulation.setEmulatedMedia", media=media, features=named)

    @contextmanager
    def without_script(self) -> Iterator[None]:
        """Pages that are opened meanwhile run no script of their own."""
        self.cdp("Emulation.setScriptExecutionDisabled", value=True)
        try:
            yield
        finally:
            self.cdp("Emulation.setScriptExecutionDisabled", value=False)

    def run(self, script: str, *values: object) -> Any:
        """What a script of ours gives, after `return`."""
        return self._driver.execute_script(script, *values)

    def faults(self, probe: str, *values: object) -> list[str]:
        """What a function of probes.js finds."""
        found: list[str] = self.run(f"{_PROBES}; return {probe}(...arguments)", *values)
        return found

    def wait_for(self, script: str, *values: object) -> Any:
        """What a script of ours gives as soon as it is something; raises TimeoutException after ten seconds."""
        return WebDriverWait(self._driver, 10, poll_frequency=0.02).until(lambda _: self.run(script, *values))

    def all(self, selector: str) -> list[WebElement]:
        """The elements of a CSS selector, in the order of the page."""
        return self._driver.find_elements(By.CSS_SELECTOR, selector)

    def press(self, keys: str) -> None:
        """Keys, to what has the focus."""
        ActionChains(self._driver, duration=0).send_keys(keys).perform()

    def audit(self, tags: Sequence[str]) -> list[dict[str, Any]]:
        """What axe-core finds against its rules of these tags."""
        if not self.run("return 'axe' in window"):
            self.run(AXE.read_text(encoding="utf-8"))
        script = """
        const done = arguments[1];
        axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}, resultTypes: ['violations']})
           .then(found => done(found.violations), error => done([{id: String(error), impact: 'broken', nodes: []}]));
        """
        found: list[dict[str, Any]] = self._driver.execute_async_script(script, list(tags))
        return found

    def paper(self, width: float, height: float) -> bytes:
        """The page as a PDF on paper of this size in inches; the page's own margins hold."""
        told = {"paperWidth": width, "paperHeight": height, "printBackground": False, "preferCSSPageSize": False}
        return base64.b64decode(self.cdp("Page.printToPDF", **told)["data"])

    def complaints(self) -> list[str]:
        """What the console says since the last page was opened: errors, warnings, violations of the page's policy."""
        told = [entry["message"] for entry in self._driver.get_log("browser") if entry["level"] != "INFO"]
        return [*told, *(self.run("return window.violations") or [])]

    def requests(self) -> list[str]:
        """The address of every request since this was last asked."""
        messages = (json.loads(entry["message"])["message"] for entry in self._driver.get_log("performance"))
        return [each["params"]["request"]["url"] for each in messages if each["method"] == "Network.requestWillBeSent"]


@contextmanager
def chromium(folder: Path) -> Iterator[Chromium]:
    """A browser with a profile of its own in this folder; nothing is downloaded to start it."""
    options = ChromeOptions()
    options.binary_location = str(shutil.which("chromium"))
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    root = ("--no-sandbox",) if hasattr(os, "geteuid") and os.geteuid() == 0 else ()
    for argument in (*_QUIET, *root, f"--user-data-dir={folder / 'profile'}"):
        options.add_argument(argument)
    driver = Chrome(options=options, service=Service(str(shutil.which("chromedriver"))))
    try:
        driver.set_script_timeout(60)
        yield Chromium(driver)
    finally:
        driver.quit()
