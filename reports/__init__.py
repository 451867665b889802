"""Turns results into text, Markdown, JSON, JUnit and HTML; reads results and nothing that runs."""
