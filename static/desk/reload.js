// While a quote is on its way out the page looks again, a dozen times at most, and not while somebody writes.
(() => {
  const key = `reload ${location.pathname}${location.search}`;
  const times = Number(sessionStorage.getItem(key) || 0);
  sessionStorage.setItem(key, times < 12 ? times + 1 : 0);
  if (times >= 12) return;
  setTimeout(() => {
    const writing = [...document.querySelectorAll("textarea")].some((field) => field.value !== field.defaultValue);
    if (!writing) location.reload();
  }, 2500);
})();
