"""Audio: formats, chunking, pacing, decoding and recognising known recordings; no socket, no clock."""
