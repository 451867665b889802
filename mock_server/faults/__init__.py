"""Faults of a mock Deepgram, pure: what can be done to a connection, when, and how several of them compose.

    chain              `FaultPlan`, the faults of one run and its seed; `FaultChain`, those of one connection, composed:
                       what a socket shell or a simulation drives
    table              kind -> fault
    notation           faults from TOML, JSON and the command line, and back
    base, when, steps  what a fault is, when it fires, and what it is made to act on

Import its rooms, not it. docs/howto/write-a-fault.md starts from the no-op.
"""
