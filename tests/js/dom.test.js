// How elements are built: what is a class, an attribute, a child.
import assert from "node:assert/strict";
import test from "node:test";
import { pretendPage } from "./browser.js";

pretendPage();
const { el } = await import("../../assets/js/lib/dom.js");

test("classes stand behind the tag, attributes may be left out", () => {
  const plain = el("p.bl-a.bl-b", "said");
  assert.equal(plain.tag, "p");
  assert.deepEqual(plain.attributes, { class: "bl-a bl-b" });
  assert.deepEqual(plain.children, ["said"]);
  assert.deepEqual(el("i", { title: 3, hidden: true, lang: null, dir: false }).attributes, { title: "3", hidden: "" });
});

test("a child that is nothing is left out", () => {
  assert.deepEqual(el("p", {}, null, "a", undefined, false, "", "b").children, ["a", "b"]);
});

test("a button sends no form, unless it says so", () => {
  assert.equal(el("button").attributes.type, "button");
  assert.equal(el("button", { type: "submit" }).attributes.type, "submit");
});

test("a text stays a text", () => {
  assert.equal(el("b", { text: "<i>" }).textContent, "<i>");
  assert.deepEqual(el("b", "<i>").children, ["<i>"]);
});
