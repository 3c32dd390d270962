// Leaving with unsaved changes asks first: typed, chosen, added, removed or moved, or refused by the server.
(() => {
  const form = document.querySelector("form:has(.desk-lines)");
  if (!form) return;
  const state = () => JSON.stringify([...new FormData(form)].map(([name, value]) => [name, value.name ?? value]));
  const saved = form.querySelector(".errors, .errornote, .errorlist") || document.querySelector(".stale") ? null : state();
  let sending = false;

  form.addEventListener("submit", () => { sending = true; });
  document.querySelectorAll(".stale-drop").forEach((way) => way.addEventListener("click", () => { sending = true; }));
  window.addEventListener("pageshow", () => { sending = false; });
  window.addEventListener("beforeunload", (event) => {
    if (!sending && state() !== saved) event.preventDefault();
  });
})();
