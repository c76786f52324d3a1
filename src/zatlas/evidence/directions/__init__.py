"""What a direction of the code does: to the property that it is for, to the others, to identity."""
