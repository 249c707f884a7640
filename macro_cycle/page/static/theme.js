// Light or dark as the system has it, until the reader says otherwise; chosen before anything is painted.
"use strict";
(() => {
  const root = document.documentElement;
  const system = matchMedia("(prefers-color-scheme: dark)");
  const kept = () => { try { return localStorage.getItem("macro-cycle-theme"); } catch { return null; } };
  const keep = (theme) => { try { localStorage.setItem("macro-cycle-theme", theme); } catch { /* private windows */ } };
  const dark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  if (kept() === "dark" || kept() === "light") root.dataset.theme = kept();

  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    if (!button) return;
    const say = () => { button.textContent = dark() ? "Light" : "Dark"; button.setAttribute("aria-label", `Use the ${dark() ? "light" : "dark"} theme`); };
    button.hidden = false;
    button.addEventListener("click", () => { root.dataset.theme = dark() ? "light" : "dark"; keep(root.dataset.theme); say(); });
    system.addEventListener("change", say);
    say();
  });
})();
