"""How the page looks, to people and to axe. Pictures go to ``$SCREENSHOTS``."""

from pathlib import Path
from typing import Any

import pytest
from e2e.page.browser import PHONE, WIDE, OpenPage, Screenshot, drop, flac, wait_until_ready
from e2e.page.fake_server import FakeServer
from playwright.sync_api import Page, ViewportSize, expect

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"


def check(page: Page) -> None:
    """Nothing serious for axe, nothing wider than the screen."""
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    if not AXE.exists():
        return
    # Not as a <script>: the page's own policy allows none.
    page.evaluate(AXE.read_text())
    result: dict[str, Any] = page.evaluate("axe.run({resultTypes: ['violations']})")
    assert [
        (found["id"], [node["html"] for node in found["nodes"]])
        for found in result["violations"]
        if found["impact"] in ("serious", "critical")
    ] == []


@pytest.mark.parametrize(
    ("name", "viewport", "dark"),
    [("light", WIDE, False), ("dark", WIDE, True), ("phone", PHONE, False)],
)
def test_the_page_from_empty_to_full(
    open_page: OpenPage,
    server: FakeServer,
    screenshot: Screenshot,
    name: str,
    viewport: ViewportSize,
    dark: bool,
) -> None:
    page = open_page(server.url, viewport=viewport, dark=dark)
    wait_until_ready(page)
    check(page)
    screenshot(page, f"{name}-empty")
    drop(page, flac(3))
    wait_until_ready(page)
    page.click("#record")
    page.wait_for_selector("#lines li:nth-child(4) .faint")
    screenshot(page, name)
    page.click("#lines li:nth-child(2) p")
    page.click("#fold-microphone summary")
    page.click("#fold-tuning summary")
    page.fill("#search", "the")
    page.keyboard.press("Enter")
    check(page)
    screenshot(page, f"{name}-settings")


def test_captions_fill_the_screen(
    open_page: OpenPage, server: FakeServer, screenshot: Screenshot
) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    drop(page, flac(3))
    wait_until_ready(page)
    page.keyboard.press("Space")
    page.wait_for_selector("#lines li:nth-child(4) .faint")
    page.keyboard.press("c")
    expect(page.locator("#captions-leave")).to_be_focused()
    expect(page.locator("#lines li:visible")).to_have_count(3)
    size = page.locator("#lines li:last-child p").evaluate(
        "p => parseFloat(getComputedStyle(p).fontSize)"
    )
    assert size > 50
    check(page)
    screenshot(page, "captions")
    page.keyboard.press("Escape")
    expect(page.locator("header")).to_be_visible()
    expect(page.locator("#captions")).to_be_focused()


def test_other_scripts(open_page: OpenPage, server: FakeServer, screenshot: Screenshot) -> None:
    server.behaviour.sentences = (
        "صباح الخير، وأهلاً بكم في الاجتماع الأول لهذا العام.",
        "明日の会議は午前九時から始まります。",
        "오늘은 날씨가 아주 좋습니다.",
    )
    page = open_page(server.url)
    wait_until_ready(page)
    drop(page, flac(3))
    wait_until_ready(page)
    check(page)
    screenshot(page, "scripts")


def test_help_is_a_dialog(open_page: OpenPage, server: FakeServer, screenshot: Screenshot) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    check(page)
    screenshot(page, "help")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_the_focus_goes_through_the_page_in_reading_order(
    open_page: OpenPage, server: FakeServer
) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    order: list[str] = []
    for _ in range(8):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.innerText"))
    assert order == [
        "captions",
        "theme",
        "help-open",
        "record",
        "language",
        "sample",
        "file-open",
        "Tuning",
    ]


def test_the_theme_is_chosen_and_remembered(open_page: OpenPage, server: FakeServer) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    theme = page.locator("#theme")
    expect(theme).to_have_text("Theme: auto")
    theme.click()
    theme.click()
    expect(theme).to_have_text("Theme: dark")
    page.reload()
    expect(theme).to_have_text("Theme: dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 20, 23)"


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci in tests/web")
def test_axe_would_find_a_fault(open_page: OpenPage, server: FakeServer) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    page.evaluate("document.querySelector('h1 img').removeAttribute('alt')")
    with pytest.raises(AssertionError, match="image-alt"):
        check(page)
