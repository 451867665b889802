"""The core of dgharness: protocol, audio, scoring, conformance and the streaming client. Import its rooms, not it."""
