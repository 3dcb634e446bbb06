"""What the command line does around a command: options, output, errors, interrupts, progress, completion."""
