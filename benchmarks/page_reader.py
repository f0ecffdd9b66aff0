"""A reader's page without a browser: the requests that Gradio's own script sends."""

import json
import uuid
from pathlib import Path
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

    def send(self, component: str | int, event: str, data: dict | None = None, values: dict | None = None) -> list[Any]:
        """Do what a component's event does with its inputs; return its outputs.

        Args:
            component: its elem_id, or id.
            data: of the event.
            values: of inputs, by their labels; of the others the values they began with are sent.

        Raises:
            RuntimeError: the server could not do it.
        """
        target = [self._ids.get(component, component), event]
        (found,) = [e for e in self._events if target in map(list, e["targets"]) and e["backend_fn"] and e["inputs"]]
        inputs = [(values or {}).get(p.get("label"), p.get("value")) for p in map(self._props, found["inputs"])]
        return self._run(found["id"], inputs, data) if found["queue"] else self._ask(found["id"], inputs, data)

    def _ask(self, function: int, inputs: list[Any], data: dict | None) -> list[Any]:
        """Of a function that does not queue."""
        body = {"data": inputs, "event_data": data, "fn_index": function, "session_hash": self._session}
        answer = self._http.post("/gradio_api/run/predict", json=body)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"Event {function}: {answer.json().get('error')}")
        return answer.json()["data"]

    def _run(self, function: int, inputs: list[Any], data: dict | None) -> list[Any]:
        body = {"data": inputs, "event_data": data, "fn_index": function, "session_hash": self._session}
        joined = self._http.post("/gradio_api/queue/join", json=body).raise_for_status().json()
        with self._http.stream("GET", "/gradio_api/queue/data", params={"session_hash": self._session}) as lines:
            for line in lines.iter_lines():
                message = json.loads(line.removeprefix("data:")) if line.startswith("data:") else {}
                if message.get("msg") == "process_completed" and message["event_id"] == joined["event_id"]:
                    if not message["success"]:
                        raise RuntimeError(f"Event {function}: {message['output']}")
                    return message["output"]["data"]
        raise RuntimeError(f"Event {function}: the server's answer ended early")

    def _props(self, number: int) -> dict[str, Any]:
        return self._components[number]["props"]
