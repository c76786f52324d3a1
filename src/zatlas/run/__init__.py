"""One trained model: its folder, its configuration, its history, the `Run` that opens it."""
