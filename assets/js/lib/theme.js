// Dark is a reading room's light; the choice is kept in this browser.
import { whenBegun } from "./begun.js";
import { emit } from "./events.js";

const STORED = "betalens.theme";

export const isDark = () => document.body.classList.contains("dark");
/** @param {string} theme */
export const setTheme = (theme) => {
  document.body.classList.toggle("dark", theme === "dark");
  document.documentElement.style.colorScheme = theme;
  localStorage.setItem(STORED, theme);
  emit("theme", theme);
};
// The colour of a token of assets/css/00-tokens.css.
/** @param {string} name */
export const themeColour = (name) => getComputedStyle(document.body).getPropertyValue(`--bl-${name}`).trim();

export const beginTheme = () => {
  const asked = new URL(location.href).searchParams.get("__theme");
  const begin = () => setTheme(["dark", "light"].includes(asked) ? asked : localStorage.getItem(STORED) || "dark");
  begin();
  whenBegun(begin);
};
