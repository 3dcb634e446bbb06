"""What the command line does around a command: progress, completion."""
