"""Hosting settings: address, port, account and root path, from the command line and the environment."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from explorer.errors import HostingRefused

AUTH_VARIABLE = "EXPLORER_AUTH"  # environment variable with USER:PASSWORD; unlike an option, no process list shows it
SPACE_VARIABLE = "SPACE_ID"  # set in every Hugging Face Space
TRUSTED_PROXIES_VARIABLE = "FORWARDED_ALLOW_IPS"  # proxies whose X-Forwarded-For is trusted; read by uvicorn
# A Space is reached through its host's proxies alone, which have private addresses.
SPACE_PROXIES = "127.0.0.1,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16"


@dataclass(frozen=True)
class Hosting:
    """The address the server listens at, the path a reverse proxy shows it under, and the account it requires."""

    host: str = "127.0.0.1"
    port: int = 7860
    share: bool = False  # a public link through Gradio's tunnel
    account: tuple[str, str] | None = field(default=None, repr=False)  # (user, password); None for no login
    root_path: str = ""  # "/explorer" or "https://example.org/explorer"; empty for the root
    browser: bool = False  # open the page in a browser on this machine
    tools: bool = False  # also serve the API as Model Context Protocol tools


def in_space(environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether this process runs in a Hugging Face Space."""
    return bool(environ.get(SPACE_VARIABLE))


def default_host(environ: Mapping[str, str] = os.environ) -> str:
    """Return the default address to listen at: all addresses in a Space, which is behind a proxy; else loopback."""
    return "0.0.0.0" if in_space(environ) else "127.0.0.1"


def trust_proxies(environ: MutableMapping[str, str] = os.environ) -> None:
    """Set FORWARDED_ALLOW_IPS to the proxies of a Space, if this runs in one and the variable is not set."""
    if in_space(environ):
        environ.setdefault(TRUSTED_PROXIES_VARIABLE, SPACE_PROXIES)


def parse_account(text: str | None, environ: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """Return (user, password) from USER:PASSWORD in `text`, else in EXPLORER_AUTH; None when neither is set.

    Raise HostingRefused, without the password in its text, when the value is not USER:PASSWORD.
    """
    text = text or environ.get(AUTH_VARIABLE)
    if not text:
        return None
    user, colon, password = text.partition(":")
    if not (user.strip() and colon and password):
        raise HostingRefused("what --auth and EXPLORER_AUTH take is USER:PASSWORD, and neither may be empty")
    return user.strip(), password


def check_mcp(asked: bool, let_in: tuple[str, str] | None) -> bool:
    """Return whether to serve Model Context Protocol tools.

    Raise HostingRefused when they are requested without the package `mcp`, or together with an account.
    """
    if asked and importlib.util.find_spec("mcp") is None:
        raise HostingRefused("--mcp needs one more package: pip install -e '.[mcp]'")
    if asked and let_in is not None:
        raise HostingRefused("--mcp and --auth do not go together, as tools have no way to send a password")
    return asked


def parse_root_path(text: str) -> str:
    """Return the path prefix or URL without a slash at its end, "" for the root.

    Raise HostingRefused when the text is neither an absolute path nor an http(s) URL.
    """
    path = text.rstrip("/")
    address = urlsplit(path)
    whole = address.scheme in ("http", "https") and address.netloc
    if path and not (whole or (path.startswith("/") and not address.netloc)) or address.query or address.fragment:
        raise HostingRefused(f"{text!r} is no root path; /explorer and https://example.org/explorer are")
    return path
