"""The wire of `/v1/listen`: what is asked, said, refused and closed, and in which order; no socket, no clock."""
