// What is asked for on behalf of cards: once, a batch at a time, the newest wish first.
import assert from "node:assert/strict";
import test from "node:test";
import { Fetched } from "../../assets/js/lib/fetched.js";

const start = () => {
  const asked = [];
  return { asked, fetched: new Fetched((keys) => asked.push(keys)) };
};

test("one request at a time, and then only what is wanted now", () => {
  const { asked, fetched } = start();
  fetched.want(["a", "b"]);
  fetched.want(["c"]);
  fetched.want(["d"]);
  assert.deepEqual(asked, [["a", "b"]]);
  fetched.take([["a", "film"]]);
  assert.deepEqual(asked, [["a", "b"], ["d"]]);
});

test("nothing is asked for twice, not even what did not come", () => {
  const { asked, fetched } = start();
  fetched.want(["a", "b"]);
  fetched.take([["a", "film"]]);
  assert.deepEqual(Object.fromEntries(fetched.known), { a: "film", b: null });
  fetched.want(["a", "b"]);
  assert.equal(asked.length, 1);
});

test("what is cleared is asked for again", () => {
  const { asked, fetched } = start();
  fetched.want(["a"]);
  fetched.clear();
  fetched.want(["a"]);
  assert.equal(asked.length, 2);
});

test("a batch is no larger than the server reads", () => {
  const { asked, fetched } = start();
  fetched.want(Array.from({ length: 30 }, (_, i) => i));
  fetched.take([]);
  assert.deepEqual(
    asked.map((keys) => keys.length),
    [24, 6],
  );
});
