"""Turns results into text, Markdown and JSON; reads results and nothing that runs, and returns text.

`reports.formats` has the table of formats; `reports.render_text` also renders a single case, verdict or score.
"""
