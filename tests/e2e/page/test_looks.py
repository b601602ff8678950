"""How the page looks, to people and to axe. Pictures go to ``$SCREENSHOTS``."""

from pathlib import Path
from typing import Any

import pytest
from e2e.page.browser import PHONE, WIDE, OpenPage, Screenshot, drop, flac, wait_until_ready
from e2e.page.fake_server import FakeServer
from playwright.sync_api import Page, ViewportSize, expect

AXE = Path(__file__).parents[2] / "web/node_modules/axe-core/axe.min.js"

COVERED = """
Array.from(document.querySelectorAll("#lines li:nth-last-child(-n + 3) p, #record"))
  .filter((element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const there = document.elementFromPoint(left + width / 2, top + height / 2);
    return !element.contains(there);
  })
  .map((element) => element.textContent)
"""
"""The newest lines, and the way to stop, that something else lies upon."""


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
    page.wait_for_selector(".take:nth-child(2) .faint")
    screenshot(page, name)
    page.click("#lines li:nth-child(2) p")
    if viewport is PHONE:
        page.click("#rest-open")
    page.click("#fold-microphone summary")
    page.click("#fold-tuning summary")
    page.fill("#search", "the")
    page.keyboard.press("Enter")
    expect(page.locator("#record")).to_be_in_viewport(ratio=1)
    check(page)
    screenshot(page, f"{name}-settings")


def test_captions_fill_the_screen(
    open_page: OpenPage, server: FakeServer, screenshot: Screenshot
) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    page.keyboard.press("Space")
    page.wait_for_selector("#lines li:nth-child(3) .faint")
    page.keyboard.press("c")
    expect(page.locator("#record")).to_be_focused()
    expect(page.locator("#lines li:visible")).to_have_count(3)
    size = page.locator("#lines li:last-child p").evaluate(
        "p => parseFloat(getComputedStyle(p).fontSize)"
    )
    assert size > 50
    check(page)
    screenshot(page, "captions")
    page.keyboard.press("Space")
    page.wait_for_selector("#record:not(.running)")
    page.keyboard.press("Escape")
    expect(page.locator("header")).to_be_visible()
    expect(page.locator("#record")).to_be_focused()
    page.click("#captions")
    page.click("#captions-leave")
    expect(page.locator("#captions")).to_be_focused()


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 2560])
def test_the_way_to_stop_stays_in_sight_and_covers_no_line(
    open_page: OpenPage, server: FakeServer, screenshot: Screenshot, width: int
) -> None:
    page = open_page(server.url, viewport={"width": width, "height": 640})
    wait_until_ready(page)
    expect(page.locator("#sample")).to_be_in_viewport()
    screenshot(page, f"{width}-empty")
    drop(page, flac(30))
    wait_until_ready(page)
    expect(page.locator("#lines li")).to_have_count(30)
    expect(page.locator("#record")).to_be_in_viewport(ratio=1)
    check(page)
    screenshot(page, f"{width}-end")
    assert page.evaluate(COVERED) == []
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator("#record")).to_be_in_viewport(ratio=1)
    if width < 960:
        expect(page.locator("#language")).to_be_hidden()
        page.click("#rest-open")
        expect(page.locator("#language")).to_be_visible()
        check(page)
        screenshot(page, f"{width}-rest")
        page.focus("#language")
        page.keyboard.press("Escape")
        expect(page.locator("#rest-open")).to_be_focused()


def test_the_title_says_that_it_listens(open_page: OpenPage, server: FakeServer) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    calm = page.title()
    page.click("#record")
    expect(page).to_have_title("● Listening · streamer")
    expect(page.locator("#record")).to_be_focused()
    page.keyboard.press("Space")
    wait_until_ready(page)
    expect(page).to_have_title(calm)
    page.focus("#sample")
    with page.expect_websocket() as connection:
        page.keyboard.press("Enter")
    connection.value.wait_for_event("framereceived")
    expect(page.locator("#record.running")).to_be_focused()


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
    expect(theme).to_have_accessible_name("Theme: auto")
    theme.click()
    theme.click()
    expect(theme).to_have_accessible_name("Theme: dark")
    page.reload()
    expect(theme).to_have_accessible_name("Theme: dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 20, 23)"


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not installed: npm ci in tests/web")
def test_axe_would_find_a_fault(open_page: OpenPage, server: FakeServer) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    page.evaluate("document.querySelector('h1 img').removeAttribute('alt')")
    with pytest.raises(AssertionError, match="image-alt"):
        check(page)
