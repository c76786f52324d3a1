"""The report: one HTML file that opens offline, with its Markdown and its numbers beside it."""
