// Every event that is joined gets its answer, also where the server just ended the stream of answers.
import assert from "node:assert/strict";
import test from "node:test";
import { answered, headOf } from "../../assets/js/page/stream.js";

const message = (fields) => `data: ${JSON.stringify(fields)}\n\n`;
const completed = (id) => message({ msg: "process_completed", event_id: id, output: { data: ["}\n{"] } });
const close = message({ msg: "close_stream", event_id: null });
const joining = (id) => Response.json({ event_id: id });
const JOIN = "http://page/gradio_api/queue/join?";
const DATA = "http://page/gradio_api/queue/data?session_hash=a";

// A server whose streams are those given, one after the other, each cut into pieces of some bytes.
const server = (streams, ids, bytes = 7) => {
  const asked = [];
  const ask = async (what) => {
    const address = what.url ?? what;
    asked.push(address);
    if (address.includes("/join")) return joining(ids.shift());
    const content = new TextEncoder().encode(streams.shift());
    const body = new ReadableStream({
      start(to) {
        for (let i = 0; i < content.length; i += bytes) to.enqueue(content.slice(i, i + bytes));
        to.close();
      },
    });
    return new Response(body);
  };
  return { fetch: answered(ask), asked };
};
const read = async (fetch) => (await fetch(new Request(DATA))).text();

test("a message is known by how it begins, however large it is", () => {
  assert.deepEqual(headOf(completed("e-1")), { msg: "process_completed", id: "e-1" });
  assert.deepEqual(headOf(close), { msg: "close_stream", id: null });
  const large = `data: {"msg":"process_generating","event_id":"e-2","output":{"event_id":"other" and no JSON any more`;
  assert.deepEqual(headOf(large), { msg: "process_generating", id: "e-2" });
});

test("what comes goes on as it is", async () => {
  const { fetch } = server([completed("1") + message({ msg: "log", event_id: "1", log: "β 中文" }) + close], ["1"]);
  await fetch(JOIN, {});
  assert.equal(await read(fetch), completed("1") + message({ msg: "log", event_id: "1", log: "β 中文" }) + close);
});

test("an event that was joined while the stream ended is answered from the next one", async () => {
  const { fetch, asked } = server([completed("1") + close, completed("2") + close], ["1", "2"]);
  await fetch(JOIN, {});
  await fetch(JOIN, {});
  assert.equal(await read(fetch), completed("1") + completed("2") + close);
  assert.equal(asked.filter((address) => address === DATA).length, 2);
});

test("an answer that comes before that to its joining is not waited for", async () => {
  const { fetch, asked } = server([completed("1") + close], ["1"]);
  assert.equal(await read(fetch), completed("1") + close);
  await fetch(JOIN, {});
  assert.equal(asked.filter((address) => address === DATA).length, 1);
});

test("all else is fetched as it is asked for", async () => {
  const { fetch, asked } = server(["plain"], []);
  assert.equal(await (await fetch("http://page/config")).text(), "plain");
  assert.deepEqual(asked, ["http://page/config"]);
});
