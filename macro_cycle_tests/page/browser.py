"""A headless Chromium, driven by its own devtools protocol: pages of any size and theme, keys, pictures, complaints."""

import base64
import itertools
import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from websockets.sync.client import ClientConnection, connect

from macro_cycle_tests.patience import PATIENCE, wait_until

QUIET = ("--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update")
KEYS = {"ArrowLeft": 37, "ArrowRight": 39, "Home": 36, "End": 35, "Tab": 9, "Enter": 13, "PageDown": 34, "PageUp": 33}

BARE = """e => {
  if (!e) return null;
  e.scrollIntoView({block: 'center'});
  const box = e.getBoundingClientRect(), x = box.x + box.width / 2, y = box.y + box.height / 2;
  const top = document.elementFromPoint(x, y);
  return top && (e.contains(top) || top.contains(e)) ? [x, y] : null;
}"""
"""The middle of an element, where nothing lies over it."""


class Tab:
    """One page. `requests` are the addresses that it asked for, `complaints` what its console said."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection, self._numbers = connection, itertools.count(1)
        self.requests: list[str] = []
        self.complaints: list[str] = []
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(f"{domain}.enable")

    def ask(self, method: str, **parameters: Any) -> dict[str, Any]:
        """What the browser answers to a command."""
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv(timeout=PATIENCE))
            if message.get("id") == number:
                assert "error" not in message, message
                return message["result"]
            self._note(message)

    def open(
        self, url: str, width: int = 1280, height: int = 900, theme: str = "light", medium: str = "screen"
    ) -> None:
        """Show the address in a window of this size under the system theme; returns when it has loaded."""
        self.requests.clear()
        self.complaints.clear()
        self.ask(
            "Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 500
        )
        scheme = {"name": "prefers-color-scheme", "value": theme}
        self.ask("Emulation.setEmulatedMedia", media=medium, features=[scheme])
        self.ask("Page.navigate", url="about:blank")
        self.ask("Page.navigate", url=url)
        self.until("document.readyState === 'complete' && location.href !== 'about:blank'")
        self.settle()

    def settle(self) -> None:
        """Wait until two frames have been painted."""
        self.run("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def run(self, script: str) -> Any:
        """The value of an expression of the page, awaited."""
        found = self.ask("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait for an expression to hold."""
        wait_until(lambda: self.run(condition), condition)

    def text(self, selector: str) -> str:
        """What a person reads in an element."""
        return self.run(f"document.querySelector({json.dumps(selector)}).innerText")

    def press(self, key: str, times: int = 1) -> None:
        """Press a key as a person does."""
        code = {"key": key, "code": key, "windowsVirtualKeyCode": KEYS[key]}
        for _ in range(times):
            self.ask("Input.dispatchKeyEvent", type="keyDown", **code, **({"text": "\r"} if key == "Enter" else {}))
            self.ask("Input.dispatchKeyEvent", type="keyUp", **code)
        self.settle()

    def click(self, element: str) -> None:
        """Press the mouse in the middle of what an expression of the page gives, once it is there, bare and at rest."""
        place, before = f"({BARE})({element})", None
        self.until(f"!!{place}")
        while (at := self.run(place)) != before or at is None:
            before = at
            self.settle()
        for kind in ("mousePressed", "mouseReleased"):
            self.ask("Input.dispatchMouseEvent", type=kind, x=at[0], y=at[1], button="left", clickCount=1)
        self.settle()

    def type(self, text: str) -> None:
        """Write where the cursor is."""
        self.ask("Input.insertText", text=text)
        self.settle()

    def picture(self, path: Path, whole: bool = True) -> None:
        """A picture of the page, or of the window alone."""
        taken = self.ask("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(taken["data"]))

    def _note(self, message: dict[str, Any]) -> None:
        said = message.get("params", {})
        match message.get("method"):
            case "Network.requestWillBeSent":
                self.requests.append(said["request"]["url"])
            case "Log.entryAdded":
                self.complaints.append(said["entry"]["text"])
            case "Runtime.exceptionThrown":
                self.complaints.append(said["exceptionDetails"]["text"])
            case "Runtime.consoleAPICalled" if said["type"] in ("error", "warning", "assert"):
                self.complaints.append(str([each.get("value") for each in said["args"]]))


def chromium() -> str | None:
    """The browser, where it is installed."""
    return shutil.which("chromium")


@contextmanager
def browser(profile: Path) -> Iterator[Tab]:
    """A tab of a browser that ends with the block."""
    found = chromium()
    assert found is not None
    command = (found, "--headless", "--no-sandbox", "--disable-gpu", *QUIET, "--disable-sync", "--hide-scrollbars")
    options = (f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank")
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            port = _port(profile / "DevToolsActivePort")
            [page] = wait_until(lambda: _pages(port), "the browser opened no page")
            patient = {"open_timeout": PATIENCE, "ping_timeout": None}
            with connect(page["webSocketDebuggerUrl"], max_size=None, **patient) as connection:
                yield Tab(connection)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _pages(port: int) -> list[dict[str, str]]:
    tabs = httpx.get(f"http://127.0.0.1:{port}/json", timeout=PATIENCE).json()
    return [tab for tab in tabs if tab["type"] == "page"]


def _port(file: Path) -> int:
    wait_until(lambda: file.exists() and file.read_text().count("\n"), "the browser did not start")
    return int(file.read_text().splitlines()[0])
