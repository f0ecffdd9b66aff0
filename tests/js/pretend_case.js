// A case without a server: probabilities at equal steps of β, by finding, and the phrases of the page.
import { readFileSync } from "node:fs";
import { setPhrases } from "../../assets/js/lib/i18n.js";
import { Case } from "../../assets/js/review/case/case.js";

const base64 = (values) => Buffer.from(Float32Array.from(values).buffer).toString("base64");
const phrasesOf = (language) =>
  JSON.parse(readFileSync(new URL(`../../assets/i18n/${language}.json`, import.meta.url), "utf8"));

export const speak = (language = "en") => setPhrases({ en: phrasesOf(language) });

// probabilities: a row a step of β; more: what else the message says.
export const caseOf = (probabilities, more = {}) => {
  const curve = probabilities.flat();
  const logits = curve.map((p) => Math.log(p / (1 - p)));
  const shape = [probabilities.length, probabilities[0].length];
  const findings = ["Lung Opacity", "Edema", "Nodule"].slice(0, shape[1]);
  return new Case({
    finding: findings[0],
    findings,
    single: false,
    modalities: ["image", "report"],
    flips: [],
    case: "a case",
    cannot_tell: [],
    unasked: [],
    nodes: [0, 1],
    arrays: { curve: [0, ...shape], curve_logits: [curve.length, ...shape] },
    block: base64([...curve, ...logits]),
    chosen: { image: "gradcam", report: "integrated_gradients" },
    methods: { image: "gradcam", report: "integrated_gradients" },
    ...more,
  });
};
