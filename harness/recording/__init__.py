"""What happened in a session, as data: entries, the document they make, its file, and other tools' layouts."""
