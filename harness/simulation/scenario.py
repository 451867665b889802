"""What is simulated: the audio, the client that sends it, the mock that answers, and what goes wrong between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.audio.format import AudioFormat
from harness.protocol.flux_options import FluxOptions
from harness.protocol.options import ListenOptions
from harness.simulation.network import NetworkSettings
from harness.streamer.dialect import dialect_for
from harness.streamer.settings import StreamSettings
from mock_server.behaviour import ConnectionSettings
from mock_server.faults.base import Fault
from mock_server.flux.settings import FluxSettings
from mock_server.library import Replies


@dataclass(frozen=True)
class Scenario:
    """What is simulated.

    Attributes:
        audio: the source, raw.
        fmt: of the source.
        options: the query string, and by its type which endpoint.
        replies: what the server answers with.
        settings: how the client streams.
        server: the server's time-outs and switches.
        flux: those that `/v2/listen` has besides.
        faults: what goes wrong.
        network: what lies between.
        stamped: whether the audio carries stamps, from which the server's side of the ledger is read.
        keep: whether recordings are kept; without them memory stays flat however long the session.
    """

    audio: bytes
    fmt: AudioFormat
    options: ListenOptions | FluxOptions
    replies: Replies
    settings: StreamSettings
    server: ConnectionSettings = ConnectionSettings()
    flux: FluxSettings = FluxSettings()
    faults: Sequence[Fault] = ()
    network: NetworkSettings = NetworkSettings()
    stamped: bool = False
    keep: bool = True

    @property
    def path(self) -> str:
        """Of the endpoint."""
        return dialect_for(self.options).path

    @property
    def duration_audio_s(self) -> float:
        """How long the source plays."""
        return self.fmt.seconds(len(self.audio))
