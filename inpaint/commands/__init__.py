"""What the command line's commands do, a module each with `run(arguments) -> exit code`."""
