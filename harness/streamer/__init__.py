"""The streaming client without its socket: one source, as many connections as it takes, one continuous transcript."""
