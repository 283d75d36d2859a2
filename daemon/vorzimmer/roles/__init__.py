"""What a process can be: its parts, how they meet, in which order they start and end."""
