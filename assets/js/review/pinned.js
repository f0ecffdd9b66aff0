// A | B: a case that is pinned as A stays as it is, with its evidence at every β, and what comes on the stage is shown
// beside it as B: another case, another β, or the same case under another version of the model.
import { currentBeta } from "../lib/beta.js";
import { el } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { joined, listed } from "../lib/format.js";
import { findingName, labelled, phrase, t } from "../lib/i18n.js";
import { offer, toggle } from "../lib/parts.js";
import { whyNot } from "./cannot_tell.js";
import { onShortcut } from "./shortcuts.js";

/** @import { Case } from "./case/case.js" */
/** @import * as m from "../lib/messages.d.ts" */

// The findings on which A and B decide differently, while the slider stands at beta.
/** @param {Case} opened @param {number} beta */
export const decidedApart = (opened, beta) => {
  const { side, at } = opened.beside;
  return opened.findings.filter((_, i) => opened.isReported(beta, i) !== side.isReported(at(beta), i));
};

/**
 * @typedef {object} Does
 * @property {(asked: { on: boolean, case: string }) => void} pin has the server keep the film of A, or no longer
 * @property {(digest: string) => void} show the open case under a version; the served one where it is ""
 * @property {() => void} draw the stage anew
 */

/** @param {Does} does */
export const pinnedView = ({ pin, show, draw }) => {
  /** @type {Case | null} */
  let opened = null;
  /** @type {Case | null} */
  let a = null;
  /** @type {number | null} */
  let stays = null; // the β of A; null where it moves with the slider
  /** @type {m.ModelVersion[]} */
  let versions = [];

  const button = toggle("pin.on", ".bl-compact.bl-pin", () => turn(!a), { "aria-keyshortcuts": "c" });
  const apart = el("span.bl-change-list", { role: "status" });
  const follow = toggle("pin.follow", ".bl-pin-follow", () => {
    stays = stays === null ? currentBeta() : null;
    follow.ariaPressed = String(stays === null);
    draw();
  });
  const version = el("select.bl-select.bl-pin-version", {
    ...labelled("pin.version_label"),
    onchange: () => show(version.value),
  });
  const node = el(
    "header.bl-what-if.bl-pinned",
    { hidden: true },
    phrase("h3", "pin.title"),
    apart,
    version,
    follow,
    phrase("button.bl-toggle.bl-unpin", "pin.off", { onclick: () => turn(false) }),
  );

  /** @param {boolean} on */
  const turn = (on) => {
    if (!opened || opened.veiled) return;
    keep(on);
    draw();
  };
  /** @param {boolean} on */
  const keep = (on) => {
    a = on ? opened : null;
    stays = on ? opened.betaFor(currentBeta()) : null;
    follow.ariaPressed = "false";
    pin({ on, case: opened.case });
  };

  const drawVersions = () => {
    const served = versions.find(({ promoted }) => promoted);
    version.hidden = versions.length < 2;
    offer(
      version,
      versions.map(({ promoted, digest }) => (promoted ? "" : digest)),
      (_, place) => t(versions[place] === served ? "pin.under_served" : "pin.under", { version: versions[place].name }),
    );
    version.value = opened.version ? opened.model : "";
  };

  // Of the case on the stage; what it is beside where it has no original of its own.
  /** @param {Case} given */
  const load = (given) => {
    // What was refined since it was pinned is; what is kept back has nothing beside it.
    if (a && given.ticket === a.ticket) a = given;
    opened = given;
    if (a && opened.veiled) keep(false);
    const side = a && String(a.findings) === String(opened.findings) ? a : null; // else nothing can be compared
    const at = (/** @type {number} */ beta) => side.betaFor(stays ?? beta);
    if (!opened.original) opened.beside = side && { side, isPinned: true, at };
    button.hidden = Boolean(opened.veiled);
    button.ariaPressed = String(Boolean(a));
    node.hidden = !a || Boolean(opened.original);
    if (!node.hidden) drawVersions();
  };

  /** @param {number} beta */
  const move = (beta) => {
    if (!opened.beside?.isPinned) return;
    const [ofA, ofB] = [whyNot(opened.beside.side), whyNot(opened)];
    const why = joined([ofA && `A: ${ofA}`, ofB && `B: ${ofB}`], " ");
    const findings = decidedApart(opened, beta);
    const isSame = opened === a && opened.beside.at(beta) === beta;
    const values = { n: findings.length, total: opened.findings.length, findings: listed(findings.map(findingName)) };
    apart.textContent = why || t(isSame ? "pin.same" : findings.length ? "pin.differ" : "pin.agree", values);
    apart.title = apart.textContent;
  };

  on("versions", (told) => {
    versions = told.versions;
    if (a) drawVersions();
  });
  onShortcut(button, { c: () => turn(!a) });

  return { node, button, load, move };
};
