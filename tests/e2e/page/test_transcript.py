"""What can be done with the lines once they are there."""

import json
import re
from pathlib import Path

import pytest
from e2e.page.browser import OpenPage, drop, flac, lines_of, wait_until_ready
from e2e.page.fake_server import FakeServer
from e2e.page.tones import SENTENCES
from playwright.sync_api import Page, expect


@pytest.fixture
def page(open_page: OpenPage, server: FakeServer) -> Page:
    """A page with three finished lines."""
    page = open_page(server.url)
    wait_until_ready(page)
    drop(page, flac(3))
    expect(page.locator("#lines li")).to_have_count(3)
    wait_until_ready(page)
    assert lines_of(page) == list(SENTENCES[:3])
    return page


def downloaded(page: Page, name: str) -> str:
    page.click("#download summary")
    with page.expect_download() as download:
        page.get_by_role("button", name=name, exact=False).click()
    path = Path(download.value.path())
    assert download.value.suggested_filename.partition(".")[0] in ("talk", "third")
    return path.read_text()


def test_downloads_are_well_formed(page: Page) -> None:
    assert downloaded(page, "Plain text").splitlines() == list(SENTENCES[:3])

    blocks = downloaded(page, "Subtitles .srt").strip().split("\n\n")
    stamp = r"\d\d:\d\d:\d\d,\d{3}"
    for number, block in enumerate(blocks, 1):
        head, times, *lines = block.splitlines()
        assert head == str(number)
        assert re.fullmatch(rf"{stamp} --> {stamp}", times)
        assert " ".join(lines) == SENTENCES[number - 1]
    assert len(blocks) == 3

    cues = downloaded(page, "Web subtitles").strip().split("\n\n")
    assert cues[0] == "WEBVTT"
    assert len(cues) == 4

    data = json.loads(downloaded(page, "Data"))
    assert [line["text"] for line in data] == list(SENTENCES[:3])
    assert [line["start"] for line in data] == pytest.approx([0.8, 2.8, 4.8], abs=0.1)
    assert [line["end"] for line in data] == pytest.approx([2.0, 4.0, 6.0], abs=0.1)


def test_the_text_can_be_copied(page: Page) -> None:
    page.click("#copy")
    expect(page.locator("#copy")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.splitlines() == list(SENTENCES[:3])


def test_a_click_on_a_line_lets_one_hear_it_and_another_click_stops_it(page: Page) -> None:
    page.locator("#lines li p").nth(1).click()
    page.wait_for_selector("#lines li:nth-child(2).playing")
    page.locator("#lines li p").nth(1).click()
    expect(page.locator(".playing")).to_have_count(0)
    page.get_by_role("button", name="Play the line at 0:00").click()
    page.wait_for_selector("#lines li:nth-child(1).playing")
    expect(page.locator(".playing")).to_have_count(0)  # at its end


def test_search_marks_what_it_finds(page: Page) -> None:
    page.keyboard.press("/")
    page.keyboard.type("THE")
    expect(page.locator("#matches")).to_have_text("5 found")
    assert {mark.lower() for mark in page.locator("mark").all_inner_texts()} == {"the"}
    page.keyboard.press("Enter")
    expect(page.locator("#matches")).to_have_text("1 of 5")
    page.keyboard.press("Shift+Enter")
    expect(page.locator("#matches")).to_have_text("5 of 5")
    page.fill("#search", "")
    expect(page.locator("mark")).to_have_count(0)
    assert lines_of(page) == list(SENTENCES[:3])


def test_lines_are_walked_with_the_arrow_keys(page: Page) -> None:
    times = page.locator(".time")
    assert times.evaluate_all("all => all.map((one) => one.tabIndex)") == [0, -1, -1]
    times.first.focus()
    page.keyboard.press("ArrowDown")
    expect(times.nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(times.nth(2)).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(times.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_selector("#lines li:nth-child(2).playing")


def test_clearing_asks_first(page: Page) -> None:
    page.once("dialog", lambda dialog: dialog.dismiss())
    page.click("#clear")
    expect(page.locator("#lines li")).to_have_count(3)
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#clear")
    expect(page.locator("#lines li")).to_have_count(0)
    expect(page.locator("#empty")).to_be_visible()
    drop(page, flac(1))
    expect(page.locator(".time")).to_have_text("0:00")


def test_each_file_is_a_take_of_its_own(page: Page) -> None:
    drop(page, flac(1), "second.flac", "third.flac")
    expect(page.locator("#lines li")).to_have_count(5)
    wait_until_ready(page)
    expect(page.locator(".time").nth(4)).to_have_text("0:00")
    names = page.get_by_role("textbox", name="Name of this take")
    assert [name.input_value() for name in names.all()] == [
        "talk.flac",
        "second.flac",
        "third.flac",
    ]
    assert downloaded(page, "Plain text").splitlines() == [SENTENCES[0]], "of the newest take"
    page.get_by_label("Copy and download").select_option("talk.flac")
    assert json.loads(downloaded(page, "Data"))[0]["start"] == pytest.approx(0.8, abs=0.1)
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Remove the take talk.flac").click()
    expect(page.locator("#lines li")).to_have_count(2)


def test_every_script_is_set_its_own_way(open_page: OpenPage, server: FakeServer) -> None:
    server.behaviour.sentences = (
        "صباح الخير أيها الأصدقاء.",
        "おはようございます。",
        "Good 🎉 morning.",
    )
    page = open_page(server.url)
    wait_until_ready(page)
    drop(page, flac(3))
    wait_until_ready(page)
    expect(page.locator("#lines li")).to_have_count(3)
    directions = page.locator("#lines li p").evaluate_all(
        "all => all.map((p) => p.matches(':dir(rtl)'))"
    )
    assert directions == [True, False, False]
    assert page.locator("#lines li p").first.get_attribute("lang") == "en"
