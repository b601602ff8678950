"""One click, and one's own words appear; and nothing that happens on the way loses any."""

import time

import pytest
from e2e.page.browser import OpenPage, lines_of, wait_until_ready
from e2e.page.fake_server import FakeServer
from e2e.page.tones import SENTENCES
from playwright.sync_api import expect

# Keeps every stream and context in reach, and lets a test choose how the microphone fails.
WATCH = """
const real = navigator.mediaDevices?.getUserMedia.bind(navigator.mediaDevices);
window.streams = [];
window.contexts = [];
window.AudioContext = class extends AudioContext {
  constructor(options) {
    super(options);
    contexts.push(this);
  }
};
if (real) navigator.mediaDevices.getUserMedia = async (wanted) => {
  if (window.microphoneFails) throw new DOMException('', window.microphoneFails);
  const stream = await real(wanted);
  streams.push(stream);
  return stream;
};
"""


# A screen reader is told of finals, and of no partials that change under it.
LISTEN_AS_SCREEN_READER = """() => {
    window.announced = [];
    const announcer = document.querySelector('#announcer[aria-live=polite]');
    new MutationObserver(() => announced.push(announcer.textContent))
        .observe(announcer, {childList: true});
}"""


def test_one_click_shows_words_that_settle_and_are_announced(
    open_page: OpenPage, server: FakeServer
) -> None:
    page = open_page(server.url)
    page.evaluate(LISTEN_AS_SCREEN_READER)
    page.get_by_role("button", name="Start listening").click()
    expect(page.locator("#headline")).to_have_text("Listening")
    page.wait_for_selector("#lines .faint")
    assert SENTENCES[0].startswith(page.locator("#lines li").first.locator("p").inner_text())
    expect(page.locator("#lines li")).to_have_count(2, timeout=15_000)
    page.get_by_role("button", name="Stop").dblclick()
    wait_until_ready(page)
    assert lines_of(page) == list(SENTENCES[:2])
    assert page.locator("#lines .faint").count() == 0
    assert page.evaluate("announced") == list(SENTENCES[:2])
    start = next(order for order in server.behaviour.received if "sample_rate" in order)
    assert start["encoding"] == "pcm_s16le"
    assert start["sample_rate"] == 48_000, "the fake device's own rate"


def test_a_server_restart_in_mid_sentence_loses_nothing(
    open_page: OpenPage, server: FakeServer
) -> None:
    page = open_page(server.url, expected="net::ERR_")
    page.click("#record")
    page.wait_for_selector("#lines li:nth-child(2) .faint")
    server.stop()
    page.wait_for_selector("#connection[data-state=waiting]")
    assert "nothing is lost" in page.locator("#hint").inner_text()
    second = page.locator("#lines li:nth-child(2) p").inner_text()
    assert SENTENCES[1].startswith(second.rstrip("…"))
    assert second
    time.sleep(1)
    server.start()
    expect(page.locator("#notices")).to_contain_text("were sent once more; nothing was lost")
    expect(page.locator("#lines li")).to_have_count(3, timeout=15_000)
    page.click("#record")
    wait_until_ready(page)
    assert lines_of(page) == list(SENTENCES[:3])
    times = page.locator(".time").all_inner_texts()
    assert times == ["0:00", "0:02", "0:04"]


def test_the_network_may_go_and_come_back(open_page: OpenPage, server: FakeServer) -> None:
    page = open_page(server.url, expected="ERR_INTERNET_DISCONNECTED")
    page.click("#record")
    page.wait_for_selector("#lines .faint")
    page.context.set_offline(True)
    page.wait_for_selector("#connection[data-state=waiting]")
    page.context.set_offline(False)
    page.wait_for_selector("#connection[data-state=open]")
    expect(page.locator("#lines li")).to_have_count(2, timeout=15_000)
    page.click("#record")
    wait_until_ready(page)
    assert lines_of(page) == list(SENTENCES[:2])


def test_an_unplugged_microphone_is_replaced_by_the_next(
    open_page: OpenPage, server: FakeServer
) -> None:
    page = open_page(server.url, script=WATCH)
    page.click("#record")
    page.wait_for_selector("#connection[data-state=open]")
    page.evaluate("streams[0].getTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.locator("#notices")).to_contain_text("The microphone was unplugged. Listening goes")
    expect(page.locator("#lines li")).to_have_count(1, timeout=15_000)
    assert page.evaluate("streams.length") == 2


def test_with_no_other_microphone_what_was_said_is_finished(
    open_page: OpenPage, server: FakeServer
) -> None:
    page = open_page(server.url, script=WATCH)
    page.click("#record")
    page.wait_for_selector("#lines .faint")
    page.evaluate("window.microphoneFails = 'NotFoundError'")
    page.evaluate("streams[0].getTracks()[0].dispatchEvent(new Event('ended'))")
    wait_until_ready(page)
    expect(page.locator("#notices")).to_contain_text("No microphone was found")
    assert lines_of(page) == [SENTENCES[0]]


def test_a_refused_microphone_is_explained(open_page: OpenPage, server: FakeServer) -> None:
    page = open_page(server.url, script=WATCH)
    page.evaluate("window.microphoneFails = 'NotAllowedError'")
    page.click("#record")
    expect(page.locator("#notices")).to_contain_text("allow the microphone for this page")
    expect(page.locator("#headline")).to_have_text("Start talking")
    page.evaluate("window.microphoneFails = ''")
    page.click("#record")
    page.wait_for_selector("#connection[data-state=open]")
    expect(page.locator("#notices")).to_be_empty()


def test_a_muted_microphone_is_told(open_page: OpenPage, server: FakeServer) -> None:
    page = open_page(server.url, script=WATCH)
    page.click("#record")
    page.wait_for_selector("#connection[data-state=open]")
    page.evaluate("streams[0].getTracks()[0].dispatchEvent(new Event('mute'))")
    expect(page.locator("#notices")).to_have_text("The microphone is muted.✕")
    page.evaluate("streams[0].getTracks()[0].dispatchEvent(new Event('unmute'))")
    expect(page.locator("#notices")).to_be_empty()


def test_a_sleep_of_the_tab_is_told_and_listening_goes_on(
    open_page: OpenPage, server: FakeServer
) -> None:
    page = open_page(server.url, script=WATCH)
    page.click("#record")
    page.wait_for_selector("#lines .faint")
    page.evaluate("contexts[0].suspend()")
    time.sleep(2.5)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(page.locator("#notices")).to_contain_text("this tab was asleep")
    expect(page.locator("#lines li")).to_have_count(2)


def test_a_microphone_that_is_gone_since_last_time_is_replaced(
    open_page: OpenPage, server: FakeServer
) -> None:
    page = open_page(server.url)
    page.evaluate("localStorage.setItem('streamer', '{\"device\": \"gone\"}')")
    page.reload()
    page.click("#record")
    expect(page.locator("#notices")).to_contain_text("default one is used instead")
    page.wait_for_selector("#lines .faint")


def test_without_a_secure_context_the_page_tells_what_to_do_and_the_sample_still_works(
    open_page: OpenPage, server: FakeServer
) -> None:
    page = open_page(server.url.replace("localhost", "elsewhere.test"))
    page.click("#record")
    expect(page.locator("#notices")).to_contain_text(
        f"ssh -L {server.port}:localhost:{server.port} elsewhere.test"
    )
    page.click("#sample")
    page.wait_for_selector("#lines li")


def test_a_setting_that_the_server_refuses_is_told(open_page: OpenPage, server: FakeServer) -> None:
    server.behaviour.refuse = {
        "code": "invalid_setting",
        "message": "sample_rate: too low",
        "fatal": True,
    }
    page = open_page(server.url)
    page.click("#record")
    expect(page.locator("#notices")).to_contain_text("sample_rate: too low")
    wait_until_ready(page)


def test_a_server_that_is_still_loading_is_waited_for(
    open_page: OpenPage, server: FakeServer
) -> None:
    page = open_page(server.url, expected="Failed to load resource")
    wait_until_ready(page)
    page.route("**/readyz", lambda route: route.fulfill(status=503, body="loading\n"))
    page.evaluate(
        "() => { window.WebSocket = class { constructor() { setTimeout(() => this.onclose()); }"
        " close() {} } }"
    )
    page.click("#record")
    page.wait_for_selector("#connection[data-state=waiting]")
    expect(page.locator("#notices")).to_contain_text("still loads its model")


def test_a_page_that_goes_for_good_tells_the_server(
    open_page: OpenPage, server: FakeServer
) -> None:
    page = open_page(server.url)
    page.on("dialog", lambda dialog: dialog.accept())
    page.click("#record")
    page.wait_for_selector("#connection[data-state=open]")
    page.goto("about:blank")
    for _ in range(100):
        if server.behaviour.received[-1] == {"type": "stop"}:
            return
        page.wait_for_timeout(50)
    raise AssertionError(server.behaviour.received)


TAB = """
navigator.mediaDevices.getDisplayMedia = async () => {
    const context = new AudioContext();
    await context.resume();
    const tone = new OscillatorNode(context, { frequency: 400 });
    const loudness = new GainNode(context, { gain: 0.25 });
    const tab = new MediaStreamAudioDestinationNode(context);
    tone.connect(loudness).connect(tab);
    tone.start(context.currentTime + 1);
    tone.stop(context.currentTime + 2.2);
    window.tab = tab.stream;
    return tab.stream;
};
"""
"""A tab that says the second sentence, once."""


def test_a_tab_is_heard_beside_the_microphone(open_page: OpenPage, server: FakeServer) -> None:
    page = open_page(server.url, script=TAB)
    wait_until_ready(page)
    page.click("#fold-microphone summary")
    page.get_by_label("What is heard").select_option("both")
    page.click("#record")
    tab = page.locator("#lines li[data-state=final]", has_text="Tab")
    expect(tab.locator("p")).to_have_text(f"Tab{SENTENCES[1]}")
    microphone = page.locator("#lines li[data-state=final]", has_text="Microphone")
    expect(microphone.first.locator("p")).to_have_text(f"Microphone{SENTENCES[0]}")
    page.evaluate("window.tab.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
    expect(page.locator("#notices")).to_contain_text("shared no more")
    page.click("#record")
    wait_until_ready(page)
    assert page.evaluate("window.tab.getAudioTracks()[0].readyState") == "ended"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ("Promise.reject(new DOMException('', 'NotAllowedError'))", "Nothing was shared"),
        ("Promise.resolve(new MediaStream())", "without its sound"),
    ],
)
def test_a_tab_that_is_not_shared_is_told(
    open_page: OpenPage, server: FakeServer, answer: str, words: str
) -> None:
    script = f"navigator.mediaDevices.getDisplayMedia = () => {answer};"
    page = open_page(server.url, script=script)
    wait_until_ready(page)
    page.click("#fold-microphone summary")
    page.get_by_label("What is heard").select_option("both")
    page.click("#record")
    expect(page.locator("#notices")).to_contain_text(words)
    expect(page.locator("#record")).to_be_enabled()
