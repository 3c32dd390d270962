// Leaving with unsaved changes asks first: typed, chosen, added, removed or moved, or refused by the server.
(() => {
  // What a form would save, as a text: without what a save itself changes in it.
  const ITS_OWN = /^_stamp$|-id$|-own_identity$/;
  window.deskState = (form) =>
    JSON.stringify([...new FormData(form)].filter(([name]) => !ITS_OWN.test(name)).map(([name, value]) => [name, value.name ?? value]));

  const form = document.querySelector("form:has(.desk-lines)");
  if (!form) return;
  const isRefused = form.querySelector(".errors, .errornote, .errorlist") || document.querySelector(".stale");
  let saved = isRefused ? null : window.deskState(form);
  let sending = false;

  form.addEventListener("desk:saved", ({ detail }) => { saved = detail; });
  form.addEventListener("submit", () => { sending = true; });
  document.addEventListener("click", ({ target }) => { if (target.closest(".stale-drop")) sending = true; });
  window.addEventListener("pageshow", () => { sending = false; });
  window.addEventListener("beforeunload", (event) => {
    if (!sending && window.deskState(form) !== saved) event.preventDefault();
  });
})();
