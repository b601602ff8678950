"""Clips that are posted to a server with vLLM's answers, and with its faults."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from dispatch.dispatching import Answers, job
from upstream.fake import FakeUpstream, upstream
from waiting import until

from streamer.dispatch.dispatcher import Dispatcher
from streamer.dispatch.job import JobKind
from streamer.engines.base import Engine
from streamer.engines.upstream import circuit, loading, pace, posting
from streamer.engines.upstream import engine as upstream_engine
from streamer.engines.upstream.address import parse_upstream
from streamer.engines.upstream.loading import Wanted, load_upstream
from streamer.models.errors import ModelError


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(circuit, "WAITS_S", (0.01,))
    monkeypatch.setattr(upstream_engine, "LOOK_S", 0.01)
    monkeypatch.setattr(upstream_engine, "JITTER_S", (0.0, 0.001))
    monkeypatch.setattr(loading, "AGAIN_S", 0.01)


async def load(*fakes: FakeUpstream, **wanted: Any) -> Engine:
    urls = ",".join(fake.url for fake in fakes)
    return await load_upstream(parse_upstream(f"upstream:vllm-cohere+{urls}"), Wanted(**wanted))


@asynccontextmanager
async def dispatching(*fakes: FakeUpstream, **wanted: Any) -> AsyncGenerator[Dispatcher]:
    dispatcher = Dispatcher(await load(*fakes, **wanted))
    dispatcher.start()
    try:
        yield dispatcher
    finally:
        await dispatcher.close()


async def test_a_clip_comes_back_as_its_text() -> None:
    answers = Answers()
    async with upstream() as fake, dispatching(fake) as dispatcher:
        assert dispatcher.info.name == "tiny-cohere"
        assert dispatcher.info.provider == "upstream vllm-cohere"
        assert not dispatcher.info.confidences
        dispatcher.submit(job(0, seconds=2.0), answers)
        await answers.wait_for(1)
    assert answers.heard_texts == {0: "word0 word1 word2 word3 word4 word5"}
    assert fake.forms[-1] == {
        "model": "tiny-cohere",
        "response_format": "json",
        "temperature": "0",
        "language": "en",
        "max_completion_tokens": "40",
    }


async def test_a_fault_of_ours_fails_the_clip_and_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Answers()

    def broken(*_: object) -> None:
        raise KeyError("segments")

    async with upstream() as fake, dispatching(fake) as dispatcher:
        with monkeypatch.context() as patch:
            patch.setattr(posting, "read", broken)
            dispatcher.submit(job(0), answers)
            await answers.wait_for(1)
        dispatcher.submit(job(1), answers)
        await answers.wait_for(2)
    assert list(answers.heard_texts) == [1]
    assert len(answers.failures) == 1


async def test_no_more_than_so_many_are_there_at_a_time_since_its_queue_has_no_bounds() -> None:
    answers = Answers()
    async with (
        upstream(FakeUpstream(delay_s=0.02)) as fake,
        dispatching(fake, in_flight=4) as dispatcher,
    ):
        for number in range(20):
            dispatcher.submit(job(number), answers)
        await answers.wait_for(20)
    assert len(answers.heard_texts) == 20
    assert fake.most_in_flight == 4


@pytest.mark.parametrize("fault", ["500", "nonsense", "endless", "cut", "reset", "429"])
async def test_what_fails_once_is_tried_again(fault: str) -> None:
    answers = Answers()
    async with upstream() as fake, dispatching(fake) as dispatcher:
        fake.faults.append(fault)
        dispatcher.submit(job(0), answers)
        await answers.wait_for(1)
        assert not fake.faults
    assert answers.heard_texts == {0: "word0 word1 word2"}


async def test_a_clip_that_it_fails_at_twice_is_an_explicit_error() -> None:
    answers = Answers()
    async with upstream() as fake, dispatching(fake) as dispatcher:
        fake.faults += ["500", "500"]
        dispatcher.submit(job(0), answers)
        await answers.wait_for(1)
        dispatcher.submit(job(1), answers)
        await answers.wait_for(2)
    assert answers.failures == {0: "the engine failed twice"}
    assert list(answers.heard_texts) == [1]


async def test_a_partial_is_cancelled_there_when_the_final_is_due(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pace, "LEAST_TIMEOUT_S", 60.0)  # so that it does not end by itself
    answers = Answers()
    async with upstream() as fake, dispatching(fake) as dispatcher:
        fake.faults.append("hang")
        partial = job(0, JobKind.PARTIAL)
        dispatcher.submit(
            replace(partial, clip=replace(partial.clip, incremental="s/0/0")), answers
        )
        await until(lambda: fake.in_flight == 1)
        dispatcher.submit(job(0, JobKind.FINAL, 1.5), answers)
        await answers.wait_for(1)
        await until(lambda: fake.cancelled == 1)
    assert answers.kinds == [JobKind.FINAL]


async def test_one_that_hangs_is_given_up_and_asked_how_it_is_until_it_answers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pace, "LEAST_TIMEOUT_S", 0.05)
    monkeypatch.setattr(upstream_engine, "PROBE_TIMEOUT_S", 0.05)
    answers = Answers()
    with caplog.at_level(logging.INFO):
        async with upstream() as fake, dispatching(fake) as dispatcher:
            fake.faults += ["hang"] * 6
            dispatcher.submit(job(0), answers)
            await until(lambda: dispatcher.trouble is not None)
            assert dispatcher.trouble == "upstream away"
            await answers.wait_for(1)
            assert dispatcher.trouble is None
    assert answers.heard_texts == {0: "word0 word1 word2"}
    assert "gets no audio any more: the upstream has not answered in" in caplog.text
    assert "answers again" in caplog.text


async def test_killed_and_started_again_under_load_it_loses_and_doubles_nothing() -> None:
    answers = Answers()
    async with (
        upstream(FakeUpstream(delay_s=0.01)) as fake,
        dispatching(fake, in_flight=4) as dispatcher,
    ):
        for number in range(40):
            dispatcher.submit(job(number), answers)
        await answers.wait_for(10)
        await fake.kill()
        await until(lambda: dispatcher.trouble is not None)
        await fake.start(fake.port)
        await answers.wait_for(40)
    assert len(answers.heard_texts) == len(answers.kinds) == 40
    assert not answers.failures


async def test_of_two_the_one_that_is_left_serves_on() -> None:
    answers = Answers()
    async with (
        upstream(FakeUpstream(delay_s=0.01)) as one,
        upstream(FakeUpstream(delay_s=0.01)) as other,
        dispatching(one, other, in_flight=4) as dispatcher,
    ):
        for number in range(60):
            dispatcher.submit(job(number), answers)
        await answers.wait_for(15)
        assert one.forms[1:]
        assert other.forms[1:], "both are asked, the least loaded first"
        await one.kill()
        await answers.wait_for(60)
        assert dispatcher.trouble is None
    assert len(answers.heard_texts) == len(answers.kinds) == 60
    assert not answers.failures


async def test_a_server_that_is_not_there_yet_is_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    fake = FakeUpstream()
    await fake.start()
    await fake.kill()
    loading_it = asyncio.create_task(load(fake))
    await until(lambda: "waiting for http://127.0.0.1" in caplog.text)
    await fake.start(fake.port)
    engine = await loading_it
    assert engine.info.name == "tiny-cohere"
    await engine.close()
    await fake.kill()


@pytest.mark.parametrize(
    ("fake", "wanted", "told"),
    [
        ({"key": "right"}, {"key": "wrong-secret"}, "refuses the key"),
        ({"models": ("a", "b")}, {}, "serves 2 models: choose with --upstream-model one of: a, b"),
        ({}, {"model": "b"}, "serves no model 'b'; it serves: tiny-cohere"),
        ({}, {"languages": ("ru",)}, "'ru' is none of vllm-cohere's: en ar de"),
    ],
)
async def test_what_waiting_does_not_mend_is_told(
    fake: dict[str, Any], wanted: dict[str, Any], told: str
) -> None:
    async with upstream(FakeUpstream(**fake)) as server:
        with pytest.raises(ModelError, match=told) as caught:
            await load(server, **wanted)
    assert "wrong-secret" not in str(caught.value)


async def test_a_key_is_brought_and_never_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        async with (
            upstream(FakeUpstream(key="sesame")) as fake,
            dispatching(fake, key="sesame") as dispatcher,
        ):
            assert dispatcher.info.name == "tiny-cohere"
    assert "sesame" not in caplog.text
