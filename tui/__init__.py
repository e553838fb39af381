"""The shell: command line, application, themes. What starts, and what every screen shares."""
