"""Where the page is served, and to whom: what the command line says, and what the host it runs on says by itself."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from explorer.errors import HostingRefused

AUTH_VARIABLE = "EXPLORER_AUTH"  # environment variable with USER:PASSWORD, which no process list shows
SPACE_VARIABLE = "SPACE_ID"  # set in every Hugging Face Space
TRUSTED_PROXIES_VARIABLE = "FORWARDED_ALLOW_IPS"  # the proxies whose X-Forwarded-For is believed; read by uvicorn
# A Space is reached through its host's proxies alone, which have private addresses.
SPACE_PROXIES = "127.0.0.1,::1,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16"


@dataclass(frozen=True)
class Hosting:
    """Where the server listens (host, port), at which path a reverse proxy shows it, and who gets in."""

    host: str = "127.0.0.1"
    port: int = 7860
    share: bool = False  # a public link through Gradio's tunnel
    account: tuple[str, str] | None = field(default=None, repr=False)  # user and password, None lets everybody in
    root_path: str = ""  # "/explorer" or "https://example.org/explorer"; empty for the root
    browser: bool = False  # open it here
    tools: bool = False  # the calls of programs also as tools of the Model Context Protocol


def in_space(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this runs in a Hugging Face Space."""
    return bool(environ.get(SPACE_VARIABLE))


def default_host(environ: Mapping[str, str] = os.environ) -> str:
    """Where to listen when nothing is said: in a Space at all addresses, as its host stands in front; else here."""
    return "0.0.0.0" if in_space(environ) else "127.0.0.1"


def trust_proxies(environ: MutableMapping[str, str] = os.environ) -> None:
    """In a Space, believe what its own proxies say about who calls, unless the environment says whom to believe."""
    if in_space(environ):
        environ.setdefault(TRUSTED_PROXIES_VARIABLE, SPACE_PROXIES)


def parse_account(text: str | None, environ: Mapping[str, str] = os.environ) -> tuple[str, str] | None:
    """User and password from USER:PASSWORD, which is the option's text or else EXPLORER_AUTH; None where neither is.

    Raises HostingRefused, whose text does not repeat the password.
    """
    text = text or environ.get(AUTH_VARIABLE)
    if not text:
        return None
    user, colon, password = text.partition(":")
    if not (user.strip() and colon and password):
        raise HostingRefused("what --auth and EXPLORER_AUTH take is USER:PASSWORD, and neither may be empty")
    return user.strip(), password


def check_mcp(asked: bool, let_in: tuple[str, str] | None) -> bool:
    """Whether to serve tools of the Model Context Protocol. Raises HostingRefused where they cannot be."""
    if asked and importlib.util.find_spec("mcp") is None:
        raise HostingRefused("--mcp needs one more package: pip install -e '.[mcp]'")
    if asked and let_in is not None:
        raise HostingRefused("--mcp and --auth do not go together, as tools have no way to send a password")
    return asked


def parse_root_path(text: str) -> str:
    """The path prefix without a slash at its end; "" for the root. Raises HostingRefused."""
    path = text.rstrip("/")
    address = urlsplit(path)
    whole = address.scheme in ("http", "https") and address.netloc
    if path and not (whole or (path.startswith("/") and not address.netloc)) or address.query or address.fragment:
        raise HostingRefused(f"{text!r} is no root path; /explorer and https://example.org/explorer are")
    return path
