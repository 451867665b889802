"""Arguments of `dgharness stream` in its tests, and the fault that makes it come back."""

from __future__ import annotations

from mock_server.faults.notation import parse_fault_text

FAST = ("--speed", "max")
CUT_ONCE = parse_fault_text("reset at_audio_s=1 leg=0")
AT_ONCE = ("--reconnect", "--reconnect-cap-s", "0.05")
