// The theme, before anything is painted: a script of its own, not a module, for
// modules run only when the page has been read. `auto` follows the system.
// The document gets `themechange` when the colours have changed.
(() => {
  const key = "peba-theme";
  const allowed = ["auto", "light", "dark"];
  const light = matchMedia("(prefers-color-scheme: light)");

  // A browser may forbid storage; the choice then lasts as long as the page.
  function stored() {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  }

  function store(value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      return;
    }
  }

  let wanted = allowed.includes(stored()) ? stored() : "auto";

  function apply() {
    const theme = wanted === "auto" ? (light.matches ? "light" : "dark") : wanted;
    if (document.documentElement.dataset.theme === theme) return;
    document.documentElement.dataset.theme = theme;
    document.dispatchEvent(new Event("themechange"));
  }

  apply();
  light.addEventListener("change", apply);
  document.addEventListener("DOMContentLoaded", () => {
    const select = document.getElementById("theme");
    select.value = wanted;
    select.addEventListener("change", () => {
      wanted = select.value;
      store(wanted);
      apply();
    });
  });
})();
