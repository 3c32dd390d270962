// Counts down on a button that can be used from a given moment on. Both times are the server's,
// so a wrong clock on this side does no harm; without this script the server answers when it is too early.

for (const button of document.querySelectorAll("button[data-until]")) {
  const words = button.textContent.trim();
  const due = performance.now() + (button.dataset.until - button.dataset.now + 1) * 1000;
  const tick = () => {
    const left = Math.ceil((due - performance.now()) / 1000);
    button.disabled = left > 0;
    button.textContent = left > 0 ? `${words} (dans ${left}\u00a0s)` : words;
    if (left <= 0) clearInterval(timer);
  };
  const timer = setInterval(tick, 1000);
  document.querySelector("[data-without-script]")?.remove();
  tick();
}
