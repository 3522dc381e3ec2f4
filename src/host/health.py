"""Whether a JupyterHub answers as it should, asked from its own host over HTTP.

usage: python3 -I health.py wait BASE --version VERSION [--timeout SECONDS] [--stable SECONDS]
       python3 -I health.py check BASE --version VERSION
       python3 -I health.py spawn BASE USER [--timeout SECONDS]
       python3 -I health.py servers BASE FILE [--timeout SECONDS]

BASE is the hub's public address, with its prefix: http://127.0.0.1/prefix/. The first line of stdin is an API
token; an empty one means there is none. JSON lines on stdout, one sentence on stderr when it fails (status 1).

wait   until /hub/api/ answers with VERSION: {"event": "up", "uptime": CENTISECONDS, "version"} at once, and
       {"event": "stable", ...} when it stayed so for the stable time
check  once: {"event": "check", "version", "login": {"kind": form|link|provider|header, "to"}, "user": NAME or null}
spawn  starts the server of USER, reaches it through the proxy and stops it again; one that runs already is left alone:
       {"event": "spawn", "user", "started": BOOLEAN, "reached": BOOLEAN}
servers  whether the proxy leads to each of the servers that `hubdb facts` lists in FILE, that is answers as the server
       itself does: {"reached": [[USER, NAME], ...], "missed": [...]}; in neither what cannot be asked (TLS), or has not
       answered in time
"""

import argparse
import http.client
import json
import os
import re
import signal
import socket
import ssl
import sys
import time
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import wait as wait_for

# Seconds for one request, and between two of `wait`.
REQUEST_TIMEOUT = 10
INTERVAL = 0.1
# A server of a user is given this long to stop.
STOP_TIMEOUT = 60
LARGEST_BODY = 1 << 21
REDIRECTS = 5
# More are not looked at.
MOST_SERVERS = 500
VERDICTS = [("reached", True), ("missed", False)]


class Unwell(Exception):
    """What is not as it should be, one sentence for people."""


class AsAnswered(urllib.request.HTTPErrorProcessor):
    """Every answer is an answer: no status is an error, no redirect is followed."""

    def http_response(self, request, response):
        return response

    https_response = http_response


class Answer:
    def __init__(self, status, headers, body):
        self.status = status
        self.location = headers.get("Location")
        self.body = body

    def json(self):
        """The body as a JSON object; an empty one when it is none."""
        try:
            value = json.loads(self.body.decode("utf-8"))
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}


class Hub:
    def __init__(self, base, token):
        parts = urllib.parse.urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise Unwell(f"{base} is no http address of a hub.")
        self.base = base.rstrip("/") + "/"
        self.origin = (parts.scheme, parts.netloc)
        self.token = token
        handlers = [urllib.request.ProxyHandler({}), AsAnswered()]
        if parts.scheme == "https":
            context = ssl.create_default_context()
            if is_this_host(parts.hostname):
                context.check_hostname = False
                context.verify_mode = ssl.CERT_NONE
                log("The hub's certificate is not verified: the connection does not leave this host.")
            handlers.append(urllib.request.HTTPSHandler(context=context))
        self.opener = urllib.request.build_opener(*handlers)

    def ask(self, path, method="GET", with_token=False, timeout=REQUEST_TIMEOUT):
        """The answer at a path below the base, or at an absolute path or address of the same origin.

        Redirects are not followed, so a token never goes anywhere else.
        """
        url = urllib.parse.urljoin(self.base, path)
        if urllib.parse.urlsplit(url)[:2] != self.origin:
            raise Unwell(f"{shown(url)} is not an address of the hub.")
        request = urllib.request.Request(url, method=method, data=b"" if method == "POST" else None)
        if with_token:
            request.add_header("Authorization", "token " + self.token)
        if method == "POST":
            request.add_header("Content-Type", "application/json")
        try:
            with self.opener.open(request, timeout=timeout) as response:
                return Answer(response.status, response.headers, response.read(LARGEST_BODY))
        except (OSError, ValueError) as error:
            raise Unwell(f"{shown(url)} did not answer: {in_words(getattr(error, 'reason', error))}.") from error
        except http.client.HTTPException as error:
            raise Unwell(f"{shown(url)} did not answer in HTTP ({type(error).__name__}).") from error


def is_this_host(name):
    """Whether an address is one of this host's own: only then can a socket be bound to it."""
    try:
        for family, kind, protocol, _, address in socket.getaddrinfo(name, 0, type=socket.SOCK_STREAM):
            with socket.socket(family, kind, protocol) as probe:
                probe.bind(address)
        return True
    except OSError:
        return False


def in_words(reason):
    if isinstance(reason, socket.timeout):
        return f"no answer within {REQUEST_TIMEOUT} seconds"
    return getattr(reason, "strerror", None) or str(reason)


def shown(url):
    """An address without its query, which may hold anything."""
    return urllib.parse.urlunsplit(urllib.parse.urlsplit(url)._replace(query="", fragment=""))


def log(line):
    """One line for people; what an answer brings along cannot break it."""
    sys.stderr.write("".join(each if each.isprintable() else "?" for each in line)[:1000] + "\n")
    sys.stderr.flush()


def say(**values):
    sys.stdout.write(json.dumps(values, sort_keys=True) + "\n")
    sys.stdout.flush()


def uptime():
    """Centiseconds since the host booted: a clock that no one sets."""
    with open("/proc/uptime") as file:
        whole, _, hundredths = file.read().split()[0].partition(".")
    return int(whole) * 100 + int(hundredths.ljust(2, "0")[:2])


def check_version(hub, version, timeout=REQUEST_TIMEOUT):
    answer = hub.ask("hub/api/", timeout=timeout)
    found = answer.json().get("version")
    if answer.status != 200 or not isinstance(found, str):
        raise Unwell(f"{hub.base}hub/api/ answered {answer.status} and no version.")
    if found != version:
        raise Unwell(f"{hub.base}hub/api/ answered as JupyterHub {found}, not {version}.")


def wait(hub, version, timeout, stable):
    deadline = time.monotonic() + timeout
    while True:
        began = time.monotonic()
        try:
            check_version(hub, version, timeout=min(REQUEST_TIMEOUT, max(INTERVAL, deadline - began)))
            break
        except Unwell as error:
            if time.monotonic() >= deadline:
                raise Unwell(f"The hub did not come up within {timeout:g} seconds: {error}") from error
        time.sleep(max(0, began + INTERVAL - time.monotonic()))
    say(event="up", uptime=uptime(), version=version)
    if not stable:
        return
    until = time.monotonic() + stable
    while time.monotonic() < until:
        time.sleep(min(1, max(0, until - time.monotonic())))
        try:
            check_version(hub, version)
        except Unwell as error:
            raise Unwell(f"The hub came up, but did not stay so for {stable:g} seconds: {error}") from error
    say(event="stable", uptime=uptime(), version=version)


def check_login(hub):
    """How the login page lets users in: by a form or link, or by sending them on to a provider at another address."""
    url = hub.base + "hub/login"
    for _ in range(REDIRECTS):
        answer = hub.ask(url)
        if answer.status in (301, 302, 303, 307, 308) and answer.location:
            url = urllib.parse.urljoin(url, answer.location)
            to = urllib.parse.urlsplit(url)
            if to[:2] == hub.origin:
                continue
            if to.scheme not in ("http", "https") or not to.hostname:
                raise Unwell(f"{hub.base}hub/login redirects to something that is no web address.")
            return {"kind": "provider", "to": to.hostname[:255]}
        break
    else:
        raise Unwell(f"{hub.base}hub/login redirects more than {REDIRECTS} times.")
    if answer.status == 401:
        log("The login page answered 401: this hub lets users in by a header of another server, which was not tried.")
        return {"kind": "header"}
    if answer.status != 200:
        raise Unwell(f"{shown(url)} answered {answer.status}.")
    page = answer.body.decode("utf-8", "replace")
    if re.search(r"<form\b[^<>]*\blogin\b", page, re.I) or re.search(r"<input\b[^<>]*\bpassword\b", page, re.I):
        return {"kind": "form"}
    if re.search(r"<a\b[^<>]*\bhref\s*=[^<>]*login", page, re.I):
        return {"kind": "link"}
    raise Unwell(f"{shown(url)} answered 200, but the page has neither a login form nor a login link.")


def check_token(hub):
    answer = hub.ask("hub/api/user", with_token=True)
    name = answer.json().get("name")
    if answer.status != 200 or not isinstance(name, str):
        raise Unwell(f"An API call with the token ({hub.base}hub/api/user) answered {answer.status}.")
    return name


def check(hub, version):
    check_version(hub, version)
    login = check_login(hub)
    user = check_token(hub) if hub.token else None
    say(event="check", version=version, login=login, user=user)


def server_of(hub, user):
    """The default server of a user as the API tells it; None while there is none."""
    answer = hub.ask("hub/api/users/" + urllib.parse.quote(user, safe=""), with_token=True)
    if answer.status == 404:
        raise Unwell(f"The hub has no user {user}, or the token may not see it.")
    if answer.status != 200:
        raise Unwell(f"An API call about {user} answered {answer.status}.")
    servers = answer.json().get("servers")
    server = servers.get("") if isinstance(servers, dict) else None
    return server if isinstance(server, dict) else None


def reach(hub, user, server):
    """Whether the server itself answers through the proxy; without a route it would be the hub that answers."""
    url = urllib.parse.urljoin(hub.base, str(server.get("url") or "user/" + urllib.parse.quote(user, safe="") + "/"))
    if urllib.parse.urlsplit(url)[:2] != hub.origin:
        log(f"The server of {user} has a host name of its own, where it was not tried.")
        return False
    answer = hub.ask(url, with_token=True)
    target = urllib.parse.urlsplit(urllib.parse.urljoin(hub.base, answer.location or "")).path
    of_hub = urllib.parse.urlsplit(hub.base).path + "hub/"
    back_at_hub = target.startswith(of_hub) and not target.startswith(of_hub + "api/oauth2/")
    if answer.status >= 500 or answer.status in (404, 424) or back_at_hub:
        raise Unwell(f"The server of {user} is ready, but the proxy does not lead to it (answered {answer.status}).")
    return True


def start(hub, user, deadline):
    path = "hub/api/users/" + urllib.parse.quote(user, safe="") + "/server"
    answer = hub.ask(path, method="POST", with_token=True, timeout=max(REQUEST_TIMEOUT, deadline - time.monotonic()))
    if answer.status not in (201, 202):
        message = str(answer.json().get("message", ""))[:200]
        raise Unwell(
            f"The server of {user} could not be started: the hub answered {answer.status} {message}".rstrip() + "."
        )
    while True:
        server = server_of(hub, user)
        if server is not None and server.get("ready"):
            return server
        if server is None:
            raise Unwell(f"The server of {user} did not start: its log, and the hub's, say why.")
        if time.monotonic() >= deadline:
            raise Unwell(f"The server of {user} did not become ready in time.")
        time.sleep(0.5)


def stop(hub, user):
    deadline = time.monotonic() + STOP_TIMEOUT
    path = "hub/api/users/" + urllib.parse.quote(user, safe="") + "/server"
    while True:
        # 400: it is not running, or still on its way in or out.
        answer = hub.ask(path, method="DELETE", with_token=True, timeout=STOP_TIMEOUT)
        if answer.status not in (202, 204, 400):
            raise Unwell(f"The server of {user} could not be stopped: the hub answered {answer.status}.")
        if server_of(hub, user) is None:
            return
        if time.monotonic() >= deadline:
            raise Unwell(f"The server of {user} did not stop within {STOP_TIMEOUT} seconds.")
        time.sleep(0.5)


def spawn(hub, user, timeout):
    if not hub.token:
        raise Unwell("A server cannot be started without a token.")
    deadline = time.monotonic() + timeout
    running = server_of(hub, user)
    if running is not None:
        reached = bool(running.get("ready")) and reach(hub, user, running)
        say(event="spawn", user=user, started=False, reached=reached)
        return
    try:
        server = start(hub, user, deadline)
        reached = reach(hub, user, server)
    except BaseException:
        try:
            stop(hub, user)
        except Unwell as error:
            log(f"health.py: {error}")
        raise
    stop(hub, user)
    say(event="spawn", user=user, started=True, reached=reached)


def leads_to(hub, route):
    """Whether an answer by way of the proxy is that of the server itself; None when the server cannot be asked."""
    if route["proto"] != "http":
        return None
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(route["ip"], route["ip"])
    netloc = "{}:{}".format("[" + host + "]" if ":" in host else host, route["port"])
    path = route["path"].rstrip("/") + "/api"
    try:
        itself = Hub("http://" + netloc, "").ask(path)
    except Unwell:
        return False
    try:
        proxied = hub.ask(path)
    except Unwell:
        return False
    return (proxied.status, proxied.body) == (itself.status, itself.body)


def servers(hub, file, timeout):
    with open(file, encoding="utf-8") as opened:
        routes = json.load(opened).get("routes", [])[:MOST_SERVERS]
    pool = ThreadPoolExecutor(10)
    asked = [pool.submit(leads_to, hub, route) for route in routes]
    wait_for(asked, timeout)
    found = [one.result() if one.done() else None for one in asked]
    names = [[route["user"], route["name"]] for route in routes]
    print(json.dumps({key: [name for name, led in zip(names, found) if led is value] for key, value in VERDICTS}))
    sys.stdout.flush()
    # Without its threads: a server that answers a byte at a time would hold them, and the verdict on the hub, for ever.
    os._exit(0)


def name(argument):
    """The text of an argument, whatever the locale: Python 3.6 takes what is not ASCII apart in that of C."""
    return os.fsencode(argument).decode("utf-8", "replace")


def arguments():
    parser = argparse.ArgumentParser(prog="health.py")
    verbs = parser.add_subparsers(dest="verb")
    verbs.required = True
    for verb in ("wait", "check", "spawn"):
        one = verbs.add_parser(verb)
        one.add_argument("base")
        if verb == "spawn":
            one.add_argument("user", type=name)
        else:
            one.add_argument("--version", required=True)
        if verb != "check":
            one.add_argument("--timeout", type=float, default=120)
        if verb == "wait":
            one.add_argument("--stable", type=float, default=0)
    one = verbs.add_parser("servers")
    one.add_argument("base")
    one.add_argument("file")
    one.add_argument("--timeout", type=float, default=40)
    return parser.parse_args()


def main():
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    given = arguments()
    token = sys.stdin.readline().strip()
    try:
        if not re.match("[!-~]*$", token):
            raise Unwell("The token on stdin has other than printable ASCII characters.")
        hub = Hub(given.base, token)
        if given.verb == "wait":
            wait(hub, given.version, given.timeout, given.stable)
        elif given.verb == "check":
            check(hub, given.version)
        elif given.verb == "servers":
            servers(hub, given.file, given.timeout)
        else:
            spawn(hub, given.user, given.timeout)
    except Unwell as error:
        log(f"health.py: {error}")
        sys.exit(1)


if __name__ == "__main__":
    main()
