"""What the server has freed goes back to the system, and what it has loaded is left alone."""

import ctypes
import subprocess
import sys

import pytest

needs_glibc = pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"),
    reason="mallopt is glibc's",
)

_HOLES = """
import ctypes, sys
from streamer.runtime.memory import give_back_what_is_freed

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

if sys.argv[1] == "flat":
    give_back_what_is_freed()
c = ctypes.CDLL(None)
c.malloc.restype = ctypes.c_void_p
c.malloc.argtypes = [ctypes.c_size_t]
c.free.argtypes = [ctypes.c_void_p]
before = resident()
c.free(c.malloc(30 << 20))  # from here on glibc would count no block of less as large
blocks = []
for _ in range(12):
    block = c.malloc(8 << 20)
    ctypes.memset(block, 1, 8 << 20)
    blocks.append(block)
    c.malloc(64 << 10)  # stays, and would keep the hole below it from the system
for block in blocks:
    c.free(block)
print(resident() - before)
"""


def kept(how: str) -> int:
    """Bytes that stay resident after 96 MiB in blocks of 8 MiB are freed among small ones."""
    ran = subprocess.run(
        [sys.executable, "-c", _HOLES, how], capture_output=True, text=True, check=True
    )
    return int(ran.stdout)


@needs_glibc
def test_large_blocks_go_back_to_the_system_when_they_are_freed() -> None:
    assert kept("flat") < 10 << 20


@needs_glibc
def test_without_that_they_would_stay_as_holes() -> None:
    assert kept("as it is") > 50 << 20


def test_the_collector_leaves_alone_what_was_loaded_and_still_finds_what_comes() -> None:
    """In a process of its own, since nothing here is ever to be thawed."""
    script = """
import gc, weakref
from streamer.runtime.memory import keep_what_is_loaded

class Thing: pass

keep_what_is_loaded()
assert gc.get_count()[0] < 700 and len(gc.get_objects(generation=2)) == 0
assert gc.get_freeze_count() > 1000
one, other = Thing(), Thing()
one.other, other.one = other, one
gone = weakref.ref(one)
del one, other
gc.collect()
assert gone() is None
"""
    subprocess.run([sys.executable, "-c", script], check=True)
