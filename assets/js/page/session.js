// The reader's session. What the page asks for by itself, while nobody touches it, says so and keeps no session alive;
// once the session is over, what stands on the screen goes, and the login page comes. What got no answer is told as the
// event "unanswered", with what was asked: Gradio leaves whoever waits for it waiting.
import { emit } from "../lib/events.js";
import { t } from "../lib/i18n.js";

const UNTOUCHED = 60_000; // ms after which a page counts as left alone
const LOOK = 30_000; // ms between two looks at whether the session is over
// Where a function of the page that answers at once gets none, or a proxy's page, Gradio takes the connection for lost
// and loads the page anew, with all that was typed; an error that it can read it only shows.
const atOnce = /\/gradio_api\/run\//;
const failed = () => Response.json({ error: t("unanswered") }, { status: 503 });

let touched = Date.now();
let watched = false;

// ask: fetches. Returns what fetches and does the above.
/** @param {typeof fetch} ask */
export const attended = (ask) => {
  for (const kind of ["pointerdown", "pointermove", "keydown", "wheel"]) {
    window.addEventListener(kind, () => (touched = Date.now()), { capture: true, passive: true });
  }
  /** @type {typeof fetch} */
  const attend = async (what, options) => {
    /** @type {Parameters<typeof fetch>} */
    let asked = [what, options];
    if (Date.now() - touched > UNTOUCHED) {
      const request = new Request(what, options);
      if (new URL(request.url).origin === location.origin) request.headers.set("X-BetaLens-Unattended", "1");
      asked = [request];
    }
    const unanswered = () => typeof options?.body === "string" && emit("unanswered", options.body);
    let answer;
    try {
      answer = await ask(...asked);
    } catch (error) {
      unanswered();
      if (!atOnce.test(String(what))) throw error;
      return failed();
    }
    if (watched && answer.status === 401) location.reload();
    else if (!answer.ok) {
      unanswered();
      if (atOnce.test(String(what)) && !/json/.test(answer.headers.get("Content-Type"))) return failed();
    }
    return answer;
  };
  return attend;
};

// Of a page that somebody had to log in for.
export const watchSession = () => {
  if (watched) return;
  watched = true;
  setInterval(() => window.fetch("session", { cache: "no-store" }).catch(() => {}), LOOK);
};
