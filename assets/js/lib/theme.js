// Dark is a reading room's light. The page follows the system until the reader chooses; the choice is kept in this
// browser.
import { whenBegun } from "./begun.js";
import { emit } from "./events.js";

const STORED = "betalens.theme";

export const isDark = () => document.body.classList.contains("dark");
/** @param {string} theme */
const show = (theme) => {
  document.body.classList.toggle("dark", theme === "dark");
  document.documentElement.style.colorScheme = theme;
  emit("theme", theme);
};
/** @param {string} theme */
export const chooseTheme = (theme) => {
  localStorage.setItem(STORED, theme);
  show(theme);
};
// The colour of a token of assets/css/00-tokens.css.
/** @param {string} name */
export const themeColour = (name) => getComputedStyle(document.body).getPropertyValue(`--bl-${name}`).trim();

export const beginTheme = () => {
  const asked = new URL(location.href).searchParams.get("__theme");
  const system = () => (matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark");
  const begin = () => show(["dark", "light"].includes(asked) ? asked : localStorage.getItem(STORED) || system());
  begin();
  whenBegun(begin);
};
