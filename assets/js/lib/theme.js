// Dark is a reading room's light; the choice is kept in this browser.
(() => {
  const B = window.BetaLens;
  const STORED = "betalens.theme";
  const asked = new URL(location.href).searchParams.get("__theme");

  B.isDark = () => document.body.classList.contains("dark");
  B.setTheme = (theme) => {
    document.body.classList.toggle("dark", theme === "dark");
    document.documentElement.style.colorScheme = theme;
    localStorage.setItem(STORED, theme);
    B.emit("theme", theme);
  };
  const begin = () => B.setTheme(["dark", "light"].includes(asked) ? asked : localStorage.getItem(STORED) || "dark");
  begin();
  B.whenBegun(begin);

  B.colour = (name) => getComputedStyle(document.body).getPropertyValue(`--bl-${name}`).trim();
})();
