// A draft saves itself two seconds after the last key, under the stamp of its form. Once somebody else has saved, it
// stops, leaves all that was typed in the page, and shows what changed.
(() => {
  const bar = document.querySelector("[data-autosave]");
  const form = bar && document.getElementById("quote_form");
  if (!form || document.querySelector(".stale")) return;
  const AFTER = 2000;
  const AGAIN = 20000;
  const said = bar.querySelector(".bar-said");
  // What the server refused is typed, and not saved.
  let kept = form.querySelector(".errors, .errornote, .errorlist") ? null : window.deskState(form);
  let clock = null;
  let running = null;
  let stopped = false;

  function say(words, isBad = false) {
    said.textContent = words;
    said.classList.toggle("bad", isBad);
  }

  function soon(wait = AFTER) {
    clearTimeout(clock);
    if (!stopped) clock = setTimeout(save, wait);
  }

  function save() {
    if (running || stopped) return;
    const state = window.deskState(form);
    if (state === kept) return;
    say("Enregistrement…");
    running = send(state).finally(() => {
      running = null;
      if (!stopped && window.deskState(form) !== state) soon();
    });
  }

  async function send(state) {
    const body = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
    const answer = await fetch(bar.dataset.autosave, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer || answer.status >= 500) {
      say("Pas enregistré\u00a0: le site ne répond pas. Nouvel essai dans un instant.", true);
      return soon(AGAIN);
    }
    const isOurs = !answer.redirected && answer.headers.get("Content-Type")?.startsWith("application/json");
    const told = isOurs && answer.ok ? await answer.json() : { outcome: "stopped", said: "Pas enregistré\u00a0: vous n'êtes plus connecté. Connectez-vous dans une autre fenêtre." };
    say(told.said, told.outcome !== "saved");
    if (told.outcome === "saved") return accept(state, told);
    if (told.outcome === "wrong") return undefined;
    stopped = true;
    if (told.notice) show(told);
    return undefined;
  }

  function accept(state, { stamp, keys }) {
    kept = state;
    form.elements._stamp.value = stamp;
    for (const [prefix, lines] of Object.entries(keys))
      for (const [index, key] of Object.entries(lines)) {
        const field = form.elements[`${prefix}-${index}-id`];
        if (field) field.value = key;
      }
    form.dispatchEvent(new CustomEvent("desk:saved", { detail: state }));
  }

  // « Enregistrer quand même » has seen what changed: it saves under the stamp of now.
  function show({ notice, stamp }) {
    const holder = document.createElement("div");
    holder.innerHTML = notice;
    const box = holder.firstElementChild;
    box.querySelector("button[name]").addEventListener("click", () => { form.elements._stamp.value = stamp; });
    form.closest(".quote-page").prepend(box);
    const link = document.createElement("a");
    link.href = "#stale-title";
    link.textContent = "Voir ce qui a changé";
    said.append(" ", link);
  }

  for (const event of ["input", "change", "lines:changed"]) form.addEventListener(event, () => soon());
  // A page that leaves while it saves itself would carry the stamp of before.
  form.addEventListener("submit", (event) => {
    clearTimeout(clock);
    stopped = true;
    if (!running) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    running.then(() => form.requestSubmit(event.submitter));
  }, true);
})();
