"""Which connection answers a stream, by what it asks for: `/v1/listen` or `/v2/listen`.

Sockets and the simulation ask here, so that they cannot choose differently.
"""

from __future__ import annotations

from dataclasses import replace

from harness.protocol.flux_options import FluxOptions
from harness.protocol.options import ListenOptions
from mock_server.behaviour import ConnectionSettings
from mock_server.connection import Connection
from mock_server.flux.settings import FluxSettings
from mock_server.flux_connection import FluxConnection
from mock_server.journal import Journal
from mock_server.legs import Legs
from mock_server.library import Replies
from mock_server.listen_connection import ListenConnection, Post


def connection_for(
    options: ListenOptions | FluxOptions,
    replies: Replies,
    request_id: str,
    created: str,
    journal: Journal,
    behaviour: ConnectionSettings,
    flux: FluxSettings,
    now_s: float,
    *,
    legs: Legs,
    client: str,
    post: Post | None = None,
) -> Connection:
    """What answers on the endpoint that was asked for.

    Args:
        options: the parsed query string, whose type says which endpoint.
        replies: what there is to answer with.
        request_id: of the connection.
        created: RFC 3339 date of the upgrade.
        journal: takes note of everything.
        behaviour: time-outs and switches; of Flux its lags, its speed and the style of its reasons are these too.
        flux: the others of Flux.
        now_s: monotonic seconds at the upgrade.
        legs: what is remembered of clients that were cut off.
        client: who this client is, as far as that can be told.
        post: takes every message instead of the client; `/v1/listen` alone has callbacks.
    """
    if isinstance(options, FluxOptions):
        settings = replace(
            flux,
            lag_scale=behaviour.lag_scale,
            max_speed=behaviour.max_speed,
            reason_style=behaviour.reason_style,
        )
        return FluxConnection(options, replies, request_id, journal, settings, now_s, legs=legs, client=client)
    return ListenConnection(
        options, replies, request_id, created, journal, behaviour, now_s, legs=legs, client=client, post=post
    )
