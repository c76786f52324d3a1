"""What a move of the code does to decoded pictures."""
