// Interpolation between the nodes of β is exact for what the nodes can hold, and close for what is smooth.
import assert from "node:assert/strict";
import test from "node:test";
import { rowAt, weightsAt } from "../../assets/js/review/case/nodes.js";

// Chebyshev–Lobatto on [0, 1], as explain/every_beta/nodes.py makes them.
const nodes = Array.from({ length: 25 }, (_, k) => (1 - Math.cos((k * Math.PI) / 24)) / 2);
const between = [0, 0.001, 0.013, 0.37, 0.5, 0.77, 0.999, 1];
const block = (...functions) => Float32Array.from(nodes.flatMap((node) => functions.map((f) => f(node))));
const near = (got, wanted, most, what) => assert.ok(Math.abs(got - wanted) <= most, `${what}: ${got}, not ${wanted}`);

test("the weights of any β add up to one", () => {
  for (const beta of between)
    near(
      weightsAt(nodes, beta).reduce((a, b) => a + b),
      1,
      1e-12,
      `β ${beta}`,
    );
});

test("at a node its own row comes back, and nothing of the others", () => {
  const values = Float32Array.from({ length: nodes.length * 2 }, (_, i) => i * i);
  nodes.forEach((node, k) => {
    assert.deepEqual([...rowAt(nodes, values, 2, node)], [(2 * k) ** 2, (2 * k + 1) ** 2]);
  });
});

test("a polynomial of the nodes' degree is met between them", () => {
  const f = (x) => 3 - 2 * x + (2 * x - 1) ** 11 - 0.5 * (2 * x - 1) ** 24;
  const g = (x) => x * (1 - x);
  for (const beta of between) {
    const [first, second] = rowAt(nodes, block(f, g), 2, beta);
    near(first, f(beta), 2e-6, `β ${beta}`);
    near(second, g(beta), 1e-6, `β ${beta}`);
  }
});

test("a smooth curve that saturates is met to five digits", () => {
  const logistic = (x) => 1 / (1 + Math.exp(-8 * (x - 0.4)));
  for (const beta of between) near(rowAt(nodes, block(logistic), 1, beta)[0], logistic(beta), 1e-5, `β ${beta}`);
});

test("a row that is given is filled anew", () => {
  const row = new Float32Array([7]);
  assert.equal(
    rowAt(
      nodes,
      block((x) => x),
      1,
      0.25,
      row,
    ),
    row,
  );
  near(row[0], 0.25, 1e-6, "the row");
});
