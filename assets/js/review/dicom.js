// The answer on the open film as DICOM, for a reader who sent it as DICOM: a button, and the file once it is made.
import { bytes } from "../lib/bytes.js";
import { el } from "../lib/dom.js";
import { on } from "../lib/events.js";
import { phrase, t } from "../lib/i18n.js";
import { saveFile } from "../lib/parts.js";

/** @import { Case } from "./case/case.js" */

/** @param {() => void} ask the server to make it */
export const dicomExport = (ask) => {
  const button = phrase("button.bl-toggle.bl-compact.bl-dicom", "dicom.export", {
    hidden: true,
    onclick: () => {
      button.disabled = true;
      said.textContent = t("dicom.wait");
      ask();
    },
  });
  const said = el("span.bl-muted.bl-dicom-said", { role: "status" });

  on("exported", ({ name, data, error }) => {
    button.disabled = false;
    said.textContent = error ?? "";
    if (data) saveFile(name, bytes(data), "application/zip");
  });

  /** @param {Case} opened */
  const load = (opened) => {
    button.hidden = !opened.dicom || Boolean(opened.veiled) || opened.changes.length > 0;
    if (button.hidden) said.textContent = "";
  };
  return { nodes: [button, said], load };
};
