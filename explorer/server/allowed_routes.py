"""The routes of the server that may be requested, by the method and by what they start."""

from __future__ import annotations

import re

API = r"/gradio_api"
GET_ROUTES = re.compile(
    r"/|/healthz|/readyz|/metrics|/parts/[\w-]+|/modules/[0-9a-f]+/[\w/]+\.js|/(assets|static|svelte)/.+"
    r"|/(config|theme\.css|favicon\.ico|robots\.txt|manifest\.json|login_check|logout)/?"
    r"|/icon-\d+\.png"
    rf"|{API}/(info|login_check|user|token|app_id|startup-events|theme\.css|upload_progress|queue/(data|status))/?"
    rf"|{API}/(heartbeat/[^/]+|call/(v2/)?[^/]+/[^/]+|file=.+)"
)
CALL_ROUTES = re.compile(rf"{API}/(queue/join|cancel|reset|run/[^/]+|call/(v2/)?[^/]+)/?")  # POST of JSON
MCP_ROUTE = re.compile(rf"{API}/mcp/?")  # each call of a tool comes back as an event of this machine's own
QUEUE_ROUTES = re.compile(rf"{API}/(queue/join|call/(v2/)?[^/]+)/?")  # of CALL_ROUTES, those that queue an event
WORK_ROUTES = re.compile(rf"{API}/(upload|queue/join|run/[^/]+|call/(v2/)?[^/]+|mcp)/?")  # those that start something
UPLOAD_ROUTE, LOGIN_ROUTE = f"{API}/upload", "/login"
FILE_ROUTE = f"{API}/file="  # followed by the path
