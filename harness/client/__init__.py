"""The client's shells: a stream over a WebSocket, a file over HTTP. All else of a session is decided in pure rooms."""
