"""The HTTP server beside the actors.

`operations` lists all that can be asked; `application` serves exactly that list, and `openapi`
describes it.
"""

from daemon.web.application import create_app
from daemon.web.context import WebContext
from daemon.web.server import ListenError, WebServer

__all__ = ["ListenError", "WebContext", "WebServer", "create_app"]
