"""A reader's page without a browser: the requests that Gradio's own script sends."""

import contextlib
import json
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import httpx

LIMIT = 120  # seconds, on a machine that is busy with something else


class PageReader:
    """One session with a page that is served.

    Raises:
        httpx.HTTPError: it does not answer.
    """

    def __init__(self, url: str):
        self._http = httpx.Client(base_url=url, timeout=LIMIT, trust_env=False)
        self._session = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._inboxes: dict[str, SimpleQueue] = defaultdict(SimpleQueue)  # by event
        self._waiting: set[str] = set()
        self._listening = False
        config = self._http.get("/config").raise_for_status().json()
        self._events = config["dependencies"]
        self._ids = {c["props"].get("elem_id"): c["id"] for c in config["components"] if c["props"].get("elem_id")}
        self._components = {c["id"]: c for c in config["components"]}

    def close(self) -> None:
        self._http.close()

    def buttons(self) -> dict[int, str]:
        """The ids of all buttons, and what stands on them."""
        return {n: c["props"]["value"] for n, c in self._components.items() if c["type"] == "button"}

    def upload(self, path: Path) -> dict[str, Any]:
        """Send a file; return what a component for it shows then."""
        with path.open("rb") as file:
            answer = self._http.post("/gradio_api/upload", files={"files": (path.name, file)}).raise_for_status()
        return {"path": answer.json()[0], "orig_name": path.name, "meta": {"_type": "gradio.FileData"}}

    def loaded(self, component: str) -> Any:
        """What a component shows once the page is loaded, where the server is asked for it then."""
        number = self._ids[component]
        (found,) = [e for e in self._events if [t[1] for t in e["targets"]] == ["load"] and e["outputs"] == [number]]
        return self._run(found["id"], [], None)[0]

    def call(self, name: str, inputs: list[Any]) -> list[Any]:
        """Call a function that has a name and does not queue.

        Raises:
            RuntimeError: the server could not do it.
        """
        return self._ask(next(e["id"] for e in self._events if e["api_name"] == name), inputs, None)

    def send(
        self,
        component: str | int,
        event: str,
        data: dict | None = None,
        values: dict | None = None,
        heard: Callable[[str], None] = lambda kind: None,
    ) -> list[Any]:
        """Do what a component's event does with its inputs; return its outputs.

        Args:
            component: its elem_id, or id.
            data: of the event.
            values: of inputs, by their labels; of the others the values they began with are sent.
            heard: is told the kind of each message that comes before.

        Raises:
            RuntimeError: the server could not do it.
        """
        target = [self._ids.get(component, component), event]
        (found,) = [e for e in self._events if target in map(list, e["targets"]) and e["backend_fn"] and e["inputs"]]
        inputs = [(values or {}).get(p.get("label"), p.get("value")) for p in map(self._props, found["inputs"])]
        return self._run(found["id"], inputs, data, heard) if found["queue"] else self._ask(found["id"], inputs, data)

    def _ask(self, function: int, inputs: list[Any], data: dict | None) -> list[Any]:
        """Of a function that does not queue."""
        body = {"data": inputs, "event_data": data, "fn_index": function, "session_hash": self._session}
        answer = self._http.post("/gradio_api/run/predict", json=body)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"Event {function}: {answer.json().get('error')}")
        return answer.json()["data"]

    def _run(
        self, function: int, inputs: list[Any], data: dict | None, heard: Callable[[str], None] = lambda kind: None
    ) -> list[Any]:
        body = {"data": inputs, "event_data": data, "fn_index": function, "session_hash": self._session}
        joined = self._http.post("/gradio_api/queue/join", json=body).raise_for_status().json()
        inbox = self._inbox(joined["event_id"])
        while (message := inbox.get(timeout=LIMIT))["msg"] != "process_completed":
            heard(message["msg"])
        heard(message["msg"])
        if not message["success"]:
            raise RuntimeError(f"Event {function}: {message['output']}")
        return message["output"]["data"]

    def _inbox(self, event: str) -> SimpleQueue:
        """Where the messages about an event arrive. Those of a session come by one stream, as to Gradio's script."""
        with self._lock:
            self._waiting.add(event)
            if not self._listening:
                self._listening = True
                threading.Thread(target=self._listen, daemon=True).start()
            return self._inboxes[event]

    def _listen(self) -> None:
        """Read the stream, which ends when nothing is at work, until nothing is waited for."""
        while True:
            with contextlib.suppress(httpx.TransportError):  # the reader was closed meanwhile
                self._read_stream()
            with self._lock:
                if not self._waiting or self._http.is_closed:
                    self._listening = False
                    return

    def _read_stream(self) -> None:
        with self._http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self._session}) as lines:
            for line in lines.iter_lines():
                message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if event := message.get("event_id"):
                    with self._lock:
                        self._inboxes[event].put(message)
                        if message["msg"] == "process_completed":
                            self._waiting.discard(event)

    def _props(self, number: int) -> dict[str, Any]:
        return self._components[number]["props"]
