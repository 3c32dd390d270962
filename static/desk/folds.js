// On a phone the parts below the lines are folded, so that the page is not ten screens long; without script, and on a
// desk, they stand open. One that has something to correct opens by itself.
(() => {
  const narrow = window.matchMedia("(max-width: 1023px)");
  const parts = [...document.querySelectorAll("details.desk-fold")];
  const fold = () => parts.forEach((part) => { part.open = !narrow.matches || part.querySelector(".errors, .errorlist") !== null; });
  narrow.addEventListener("change", fold);
  if (narrow.matches) fold();
})();
