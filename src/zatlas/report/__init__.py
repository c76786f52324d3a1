"""The report: one HTML file that opens offline, a Markdown file and a JSON file."""
