// Keeps the bell's figure right while the page stays open: once a minute, and only when somebody looks.
(() => {
  const bell = document.querySelector(".desk-bell");
  if (!bell) return;
  const figure = bell.querySelector(".desk-figure");

  async function refresh() {
    if (document.hidden) return;
    const answer = await fetch(bell.dataset.count, { headers: { Accept: "application/json" } }).catch(() => null);
    if (!answer || !answer.ok || answer.redirected) return;
    const { unread } = await answer.json();
    figure.textContent = unread;
    figure.hidden = unread === 0;
    bell.setAttribute("aria-label", `Notifications, ${unread} non lue${unread > 1 ? "s" : ""}`);
  }

  setInterval(refresh, 60000);
  document.addEventListener("visibilitychange", refresh);
})();
