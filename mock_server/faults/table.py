"""The faults there are. Case files, the control API and the command line know a new one by its row here."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from mock_server.faults.bandwidth import Bandwidth
from mock_server.faults.base import Fault
from mock_server.faults.black_hole import BlackHole
from mock_server.faults.close_frame import CloseFrame
from mock_server.faults.corrupt import Corrupt
from mock_server.faults.delay import Delay
from mock_server.faults.drop import Drop
from mock_server.faults.duplicate import Duplicate
from mock_server.faults.handshake_delay import HandshakeDelay
from mock_server.faults.inject import Inject
from mock_server.faults.latency import Latency
from mock_server.faults.no_from_finalize import NoFromFinalize
from mock_server.faults.no_metadata import NoMetadata
from mock_server.faults.no_pongs import NoPongs
from mock_server.faults.refuse import Refuse
from mock_server.faults.reorder import Reorder
from mock_server.faults.slow_reader import SlowReader
from mock_server.faults.split import Split
from mock_server.faults.stall import Stall
from mock_server.faults.tcp_fin import TcpFin
from mock_server.faults.tcp_reset import TcpReset
from mock_server.faults.truncate import Truncate

FAULTS: Final = MappingProxyType[str, type[Fault]](
    {
        "reset": TcpReset,
        "fin": TcpFin,
        "close": CloseFrame,
        "stall": Stall,
        "black-hole": BlackHole,
        "slow-reader": SlowReader,
        "latency": Latency,
        "bandwidth": Bandwidth,
        "refuse": Refuse,
        "handshake-delay": HandshakeDelay,
        "drop": Drop,
        "duplicate": Duplicate,
        "delay": Delay,
        "reorder": Reorder,
        "truncate": Truncate,
        "corrupt": Corrupt,
        "inject": Inject,
        "split": Split,
        "no-pongs": NoPongs,
        "no-metadata": NoMetadata,
        "no-from-finalize": NoFromFinalize,
    }
)
"""Kind -> fault; `FAULTS[kind].summary` says in one line what it does."""
