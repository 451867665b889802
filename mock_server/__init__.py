"""A Deepgram on localhost: replays recordings and scripts by the audio clock. Import its rooms, not it."""
