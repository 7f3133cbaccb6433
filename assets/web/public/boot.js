// Gives the page its theme before the first thing is drawn; a script of its own, since the page's policy allows none inline.
(function () {
  var wish = {};
  try {
    wish = JSON.parse(localStorage.getItem("cto.preferences") || "{}");
  } catch (error) {
    // No storage, or not ours: as the system is.
  }
  var dark = !matchMedia("(prefers-color-scheme: light)").matches;
  var more = matchMedia("(prefers-contrast: more)").matches;
  var system = more ? (dark ? "high-contrast" : "high-contrast-light") : dark ? "dark" : "light";
  document.documentElement.dataset.theme = wish.theme && wish.theme !== "system" ? wish.theme : system;
})();
