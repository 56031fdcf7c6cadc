"""The process: supervisor, web server, command line, and the sandbox vendors."""
