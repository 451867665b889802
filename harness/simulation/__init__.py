"""Client, mock server and network in one discrete-event loop with a virtual clock: no socket, no sleep, one seed."""
