"""What the user does to takes, and what stays of them on the device."""

from e2e.page.browser import OpenPage, Screenshot, drop, flac, lines_of, wait_until_ready
from e2e.page.fake_server import FakeServer
from e2e.page.test_looks import check
from e2e.page.tones import SENTENCES
from playwright.sync_api import expect

LIT = """() => new Promise((done) => {
    const look = () =>
        String(Array.from(CSS.highlights.get("lit"), String)) === "welcome"
            ? done()
            : requestAnimationFrame(look);
    look();
})"""
"""Waits until the fourth word of the first sentence is lit."""
KEPT = """async (wanted) => {
    const answer = (request) =>
        new Promise((done) => (request.onsuccess = () => done(request.result)));
    const database = await answer(indexedDB.open("streamer"));
    for (;;) {
        const takes = await answer(database.transaction("takes").objectStore("takes").getAll());
        if (String(takes.map(({ lines }) => lines.map(({ text }) => text))) === wanted) break;
        await new Promise((done) => setTimeout(done, 50));
    }
    database.close();
}"""
"""Waits until the device has the lines, told with commas between them."""


def test_takes_are_edited_named_heard_and_found_again(
    open_page: OpenPage, server: FakeServer, screenshot: Screenshot
) -> None:
    server.behaviour.word_timings = True
    page = open_page(server.url)
    wait_until_ready(page)
    drop(page, flac(2))
    wait_until_ready(page)
    assert page.evaluate("() => Array.from(CSS.highlights.get('doubtful'), String)") == [
        "morning,",
        "train",
    ]
    page.locator(".time").first.click()
    page.evaluate(LIT)
    screenshot(page, "word-by-word")
    page.get_by_role("button", name="Edit the line at 0:02").click()
    field = page.get_by_role("textbox", name="Text of the line")
    check(page)
    field.fill("The train to Lisbon leaves at ten past nine.")
    field.press("Enter")
    voice = page.locator(".voice").first
    expect(voice).to_have_text("Speaker A")
    voice.click()
    page.get_by_role("textbox", name="Name of the speaker").fill("Anna")
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Name of this take").fill("Meeting")
    page.keyboard.press("Tab")
    check(page)
    screenshot(page, "takes")
    said = lines_of(page)
    assert said[0] == f"Anna{SENTENCES[0]}"
    assert said[1].startswith("Speaker BThe train to Lisbon leaves at ten past nine.")
    assert said[1].endswith("edited")
    page.evaluate(KEPT, f"{SENTENCES[0]},The train to Lisbon leaves at ten past nine.")
    page.reload()
    wait_until_ready(page)
    assert lines_of(page) == said
    page.locator(".time").first.click()
    page.evaluate(LIT)
    page.click("#keep")
    page.evaluate(KEPT, "")
    page.reload()
    wait_until_ready(page)
    assert lines_of(page) == []
    expect(page.locator("#kept")).to_have_text("What you say stays in this tab until you close it.")


def test_files_wait_for_the_recording_and_one_without_speech_says_so(
    open_page: OpenPage, server: FakeServer, screenshot: Screenshot
) -> None:
    page = open_page(server.url)
    wait_until_ready(page)
    page.click("#record")
    page.wait_for_selector("#lines .faint")
    drop(page, flac(0), "silence.flac", "unwanted.flac")
    expect(page.locator("#queue li")).to_have_count(2)
    screenshot(page, "queue")
    check(page)
    page.get_by_role("button", name="Do not transcribe unwanted.flac").click()
    page.click("#record")
    expect(page.locator("#queue li")).to_have_count(0)
    expect(page.get_by_label("silence.flac").get_by_text("No speech was found")).to_be_visible()


def test_a_device_without_room_says_so_and_nothing_is_lost(
    open_page: OpenPage, server: FakeServer
) -> None:
    full = """IDBObjectStore.prototype.put = () => {
        throw new DOMException("no room", "QuotaExceededError");
    };"""
    page = open_page(server.url, script=full)
    wait_until_ready(page)
    drop(page, flac(1))
    expect(page.locator("#notices")).to_contain_text("no more room for takes")
    assert lines_of(page) == [SENTENCES[0]]
