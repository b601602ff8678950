"""Sound from elsewhere than the microphone, and the settings it is sent with."""

import re

from e2e.page.browser import OpenPage, Screenshot, drop, flac, lines_of, wait_until_ready
from e2e.page.fake_server import FakeServer
from e2e.page.test_looks import check
from e2e.page.tones import SENTENCES
from playwright.sync_api import expect


def test_the_sample_plays_and_is_transcribed_as_it_plays(
    open_page: OpenPage, server: FakeServer
) -> None:
    page = open_page(server.url)
    page.click("#sample")
    expect(page.locator("#headline")).to_have_text("Transcribing")
    page.wait_for_selector("#lines .faint")
    wait_until_ready(page)
    assert lines_of(page) == [SENTENCES[0]]


def test_a_chosen_file_is_transcribed(open_page: OpenPage, server: FakeServer) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    page.set_input_files(
        "#file", {"name": "talk.flac", "mimeType": "audio/flac", "buffer": flac(2)}
    )
    expect(page.locator("#lines li")).to_have_count(2)
    expect(page.locator("#figures")).to_contain_text("real time")


def test_a_file_that_is_no_sound_is_refused_in_words(
    open_page: OpenPage, server: FakeServer
) -> None:
    page = open_page(server.url, expected="Failed to load resource")
    wait_until_ready(page)
    drop(page, b"not sound at all", "letter.pdf")
    expect(page.locator("#notices")).to_contain_text("server can read “letter.pdf” as sound")


def test_left_and_right_are_transcribed_apart(open_page: OpenPage, server: FakeServer) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    page.click("#fold-microphone summary")
    page.select_option("#set-channels", "2")
    drop(page, flac(2, channels=2))
    expect(page.locator("#lines li")).to_have_count(4)
    wait_until_ready(page)
    assert lines_of(page) == [
        f"Left{SENTENCES[0]}",
        f"Left{SENTENCES[1]}",
        f"Right{SENTENCES[0]}",
        f"Right{SENTENCES[1]}",
    ]


def test_settings_reach_the_running_stream_and_the_next(
    open_page: OpenPage, server: FakeServer
) -> None:
    server.behaviour.languages = ("en", "de")
    page = open_page(server.url)
    page.click("#record")
    page.wait_for_selector("#connection[data-state=open]")
    page.click("#fold-tuning summary")
    page.get_by_label("Silence that ends a line").fill("900")
    page.select_option("#language", "de")
    page.get_by_role("slider", name="Longest line").fill("20")
    page.keyboard.press("Tab")
    page.click("#record")
    wait_until_ready(page)
    changes = [order for order in server.behaviour.received if order["type"] == "configure"]
    assert changes == [
        {"type": "configure", "endpoint_silence_ms": 900},
        {"type": "configure", "language": "de"},
    ]
    page.reload()
    wait_until_ready(page)
    page.click("#record")
    page.wait_for_selector("#connection[data-state=open]")
    start = server.behaviour.received[-1]
    assert (start["endpoint_silence_ms"], start["language"], start["max_utterance_s"]) == (
        900,
        "de",
        20,
    )


def test_a_rule_for_turns_is_chosen_and_each_pause_is_shown(
    open_page: OpenPage, server: FakeServer, screenshot: Screenshot
) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    page.click("#fold-tuning summary")
    page.get_by_label("Who says that a line is over").select_option("auto")
    page.click("#record")
    page.wait_for_selector("#lines li:nth-child(2)[data-state=final]")
    start = [order for order in server.behaviour.received if order["type"] == "start"][-1]
    assert start["turn"] == "auto"
    assert "endpoint_silence_ms" not in start, "the rule brings its own"
    expect(page.locator("#figures")).to_contain_text("sounded finished at the last pause93 %")
    expect(page.locator("#legend-turn")).to_be_visible()
    assert lines_of(page)[:2] == list(SENTENCES[:2])
    screenshot(page, "turns")
    page.get_by_label("Silence where it sounds unfinished").fill("2000")
    page.keyboard.press("Tab")
    page.click("#record")
    wait_until_ready(page)
    assert {"type": "configure", "turn_hold_ms": 2000} in server.behaviour.received


def test_keys_start_end_lines_and_stop(open_page: OpenPage, server: FakeServer) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    page.keyboard.press("Space")
    page.wait_for_selector("#lines .faint")
    page.keyboard.press("e")
    expect(page.locator("#lines li:first-child .faint")).to_have_count(0)
    page.keyboard.press("Space")
    wait_until_ready(page)
    assert "flush" in [order["type"] for order in server.behaviour.received]


def test_keys_can_be_switched_off(open_page: OpenPage, server: FakeServer) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    page.click("#help-open")
    page.get_by_label("Single-key shortcuts").uncheck()
    page.get_by_role("button", name="Close").click()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("c")
    assert page.locator("body.captions").count() == 0


def test_the_demonstration_model_says_what_it_is(open_page: OpenPage, server: FakeServer) -> None:
    server.behaviour.demonstration = True
    page = open_page(server.url)
    expect(page.locator("#demonstration")).to_contain_text("streamer models pull moonshine")
    drop(page, flac(1))
    wait_until_ready(page)
    expect(page.locator("#empty")).to_be_hidden()
    expect(page.locator("#about")).to_contain_text("streamer models pull moonshine")


def test_any_other_model_is_only_named(open_page: OpenPage, server: FakeServer) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    expect(page.locator("#demonstration")).to_be_hidden()
    expect(page.locator("#about")).to_contain_text(re.compile(r"Model: a tone listener\.$"))


def test_programs_have_the_address_the_key_and_the_settings(
    open_page: OpenPage, server: FakeServer, screenshot: Screenshot
) -> None:
    page = open_page(f"{server.url}#api_key=secret")
    wait_until_ready(page)
    page.click("#fold-tuning summary")
    page.get_by_label("Punctuation").uncheck()
    page.click("#code-open")
    code = page.get_by_role("dialog", name="Use this in your code")
    expect(code).to_contain_text(f"ws://localhost:{server.port}/v1/stream?api_key=secret")
    expect(code).to_contain_text('"punctuation": False')
    expect(code).to_contain_text("API key is in it")
    check(page)
    screenshot(page, "code")
    code.get_by_role("button", name="curl").click()
    code.get_by_role("button", name="Copy").click()
    expect(code.get_by_role("button", name="Copied")).to_be_visible()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith(f"curl 'http://localhost:{server.port}/v1/audio/transcriptions'")
    page.keyboard.press("Escape")
    expect(page.locator("#code-open")).to_be_focused()
