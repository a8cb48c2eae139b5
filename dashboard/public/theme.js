// Sets the theme before anything is painted. It is a separate script, not a
// module, because modules run only after the page is parsed. `auto` follows the
// system. The document gets the event `themechange` when the colors change.
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

  /** @param {string} value */
  function store(value) {
    try {
      localStorage.setItem(key, value);
    } catch {
      return;
    }
  }

  let wanted = allowed.find((name) => name === stored()) ?? "auto";

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
    if (!(select instanceof HTMLSelectElement)) return;
    select.value = wanted;
    select.addEventListener("change", () => {
      wanted = select.value;
      store(wanted);
      apply();
    });
  });
})();
