"""What a call can go through, one file a step."""
