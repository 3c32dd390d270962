// Keeps the bell's figure right while the page stays open: once a minute, and no clock runs in a hidden tab.
(() => {
  const bell = document.querySelector(".desk-bell");
  if (!bell) return;
  const EVERY = 60000;
  const figure = bell.querySelector(".desk-figure");
  const said = document.querySelector("[data-bell-said]");
  const fresh = document.querySelector("[data-bell-new]");
  let unread = Number(figure.textContent);
  let clock = null;

  function show(count) {
    const words = `${count} non lue${count > 1 ? "s" : ""}`;
    figure.textContent = count;
    figure.hidden = count === 0;
    bell.setAttribute("aria-label", `Notifications, ${words}`);
    // Only news are spoken and offered: what was read in another tab is none.
    if (count > unread) {
      if (said) said.textContent = `Notifications : ${words}.`;
      if (fresh) fresh.hidden = false;
    }
    unread = count;
  }

  async function refresh() {
    const answer = await fetch(bell.dataset.count, { headers: { Accept: "application/json" } }).catch(() => null);
    // Signed out: nothing to ask for until the page is loaded again.
    if (answer && (answer.redirected || answer.status === 403)) return stop(true);
    if (answer && answer.ok) show((await answer.json()).unread);
  }

  function start() {
    if (clock === null) clock = setInterval(refresh, EVERY);
  }

  function stop(forGood) {
    clearInterval(clock);
    clock = null;
    if (forGood) document.removeEventListener("visibilitychange", follow);
  }

  function follow() {
    if (document.hidden) return stop();
    refresh();
    start();
  }

  document.addEventListener("visibilitychange", follow);
  if (!document.hidden) start();
})();
