"""What is known of a server's process."""

from __future__ import annotations

import os
import time

import pytest

from loadtest.processes import cpu_s


def test_the_cpu_time_of_a_process_is_that_of_its_threads() -> None:
    before, own = cpu_s(os.getpid()), time.process_time()
    while time.process_time() - own < 0.1:
        pass
    assert cpu_s(os.getpid()) - before == pytest.approx(time.process_time() - own, abs=0.03)
