"""Dagster's page in a browser, used as a person does: places, buttons, dialogs, and what is read there."""

import io
import json
import os
from pathlib import Path

from PIL import Image

from macro_cycle_tests.page.browser import Tab

PICTURES = os.environ.get("PICTURES_OF_DAGSTER")
"""Folder for the pictures of docs/dagster-ui.md; none are taken where it is not set."""
SUCCEEDED = r"/\bSuccess\b|Status\s+Succeeded/.test(document.body.innerText)"
"""Of a run, and of a backfill."""


class DagsterPage:
    """One tab of the web server at `url`."""

    def __init__(self, tab: Tab, url: str) -> None:
        self.tab, self.url = tab, url
        self.tab.open(f"{url}/jobs")
        self.reads("Jobs")

    def go(self, path: str) -> None:
        """Go to a place as a link within the page does, without loading it anew."""
        self.tab.run(f"history.pushState({{}}, '', {json.dumps(path)}); dispatchEvent(new PopStateEvent('popstate'))")
        self.tab.settle()

    def press(self, words: str) -> None:
        """Press the last thing to be seen that says these words and no others."""
        said = f"(e => e.textContent.trim() === {json.dumps(words)})"
        seen = "e.getClientRects().length && !e.closest(':disabled')"
        self.tab.click(
            f"[...document.querySelectorAll('body *')]"
            f".filter(e => {said}(e) && ![...e.children].some({said}) && {seen}).at(-1)"
        )

    def reads(self, *texts: str) -> str:
        """What the page says, once all of the texts are in it."""
        self.tab.until(f"{json.dumps(texts)}.every(t => document.body.innerText.includes(t))")
        return self.tab.run("document.body.innerText")

    def choose_months(self, first: str, last: str) -> None:
        """Choose partitions in the dialog that launches runs."""
        self.press("Show all partitions")
        self.reads("All time")
        months = "[...document.querySelectorAll('input:not([type=checkbox])')].at(-1)"
        self.tab.click(months)
        self.tab.run(f"{months}.select()")
        self.tab.type(f"[{first}...{last}]")
        self.tab.press("Enter")

    def choose_latest(self) -> None:
        """Choose the newest partition there, once what is said above the button has come and moves it no more."""
        self.reads("Show all partitions")
        self.press("Latest")
        self.tab.until(r"/\b1 partition\b/.test(document.body.innerText)")

    def configure(self, text: str) -> None:
        """Give the runs of that dialog a config."""
        self.press("Config")
        self.press("Add config")
        self.tab.click("[...document.querySelectorAll('.CodeMirror')].at(-1)")
        self.tab.type(text)
        self.reads("No errors", "No missing config")
        self.press("Save config")

    def launched(self) -> None:
        """Follow the link to the run or backfill that was just launched, and wait for its success."""
        link = "[...document.querySelectorAll('a[href*=\"/runs/\"]')].find(e => e.innerText === 'View')"
        self.tab.until(f"!!{link}")
        self.go(self.tab.run(f"{link}.getAttribute('href')"))
        self.tab.until(SUCCEEDED)

    def picture(self, name: str) -> None:
        """A picture for the documentation, where they are wanted."""
        if PICTURES is None:
            return
        self.tab.until("!document.querySelector('[class*=keleton], [class*=oast]')")
        raw = Path(PICTURES) / f"dagster-{name}.png"
        self.tab.picture(raw, whole=False)
        drawn = Image.open(io.BytesIO(raw.read_bytes())).convert("RGB")
        drawn.quantize(64, dither=Image.Dither.NONE).save(raw, optimize=True)
