// A click that comes while Gradio ends its stream of answers is answered all the same.
// Gradio's client reads the answers to all events of a page from one stream. The server ends it (`close_stream`) when
// no event is left; an event that is joined before the client has read that would be answered where nobody reads.
// So the client is told of the end when every joined event has its answer, and otherwise given the next stream as if
// it were the same one; and while it is being told of an end, no event is said to be joined.

// A message begins with its kind and its event (tests/abuse/test_gradio.py holds Gradio to that); the rest of it may be
// large, and is Gradio's to read.
const HEAD = /^data: \{"msg":"(\w+)","event_id":(?:"([^"]*)"|null)/;

// text: one message of the stream. Returns its kind and its event, of which a message to all has none.
/** @param {string} text */
export const headOf = (text) => {
  const [, msg, id = null] = HEAD.exec(text) ?? [];
  return { msg, id };
};

// ask: fetches. Returns what fetches and does the above.
/** @param {typeof fetch} ask */
export const answered = (ask) => {
  const answer = { ids: new Set(), early: new Set() }; // awaited, and come before the answer to their joining
  let ended = Promise.resolve();

  /** @param {Parameters<typeof fetch>} asked */
  async function join(...asked) {
    const response = await ask(...asked);
    if (!response.ok) return response;
    const { event_id: id } = await response.clone().json();
    if (!answer.early.delete(id)) answer.ids.add(id);
    await ended;
    return response;
  }

  /** @param {ReadableStream} body @returns {AsyncGenerator<string, void>} */
  async function* messages(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let read = await reader.read(); !read.done; read = await reader.read()) {
      const parts = (rest + read.value).split("\n\n");
      rest = parts.pop();
      yield* parts;
    }
  }

  /** @param {Request} request @param {ReadableStream} body @returns {AsyncGenerator<string, void>} */
  async function* answers(request, body) {
    for await (const text of messages(body)) {
      const { msg, id } = headOf(text);
      if (msg === "close_stream" && answer.ids.size) {
        const next = await ask(request.clone());
        if (next.ok) return yield* answers(request, next.body);
      }
      if (msg === "close_stream") {
        ended = new Promise((taken) => setTimeout(taken)); // on the way to Gradio nothing waits for more than promises
        return yield `${text}\n\n`;
      }
      if (msg === "process_completed" && !answer.ids.delete(id)) answer.early.add(id);
      yield `${text}\n\n`;
    }
    answer.ids.clear(); // the connection is gone, and Gradio says so of each
  }

  /** @param {Request} request */
  async function stream(request) {
    const response = await ask(request.clone());
    if (!response.ok) return response;
    const all = answers(request, response.body);
    const encode = new TextEncoder();
    const body = new ReadableStream({
      async pull(to) {
        const { done, value } = await all.next();
        if (done) to.close();
        else to.enqueue(encode.encode(String(value)));
      },
      cancel: () => void all.return(),
    });
    return new Response(body, { status: response.status, headers: response.headers });
  }

  /** @type {typeof fetch} */
  const answering = (what, options) => {
    const address = what instanceof Request ? what.url : String(what);
    if (/\/queue\/join\b/.test(address)) return join(what, options);
    return /\/queue\/data\b/.test(address) ? stream(new Request(what, options)) : ask(what, options);
  };
  return answering;
};
