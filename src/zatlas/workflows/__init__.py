"""The pipelines that the command line, notebooks and `Run` call."""
