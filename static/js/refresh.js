// Looks again, after as many seconds as `data-refresh` says, whether a part of the page has news, until the
// server no longer asks for it. When the part is gone the page has become another one: it is loaded anew.

const LONGEST_WAIT = 15 * 60 * 1000;
const begun = Date.now();

for (const part of document.querySelectorAll("[data-refresh][id]")) later(part);

function later(part) {
  if (!part.dataset.refresh || Date.now() - begun > LONGEST_WAIT) return;
  setTimeout(() => look(part), part.dataset.refresh * 1000);
}

async function look(part) {
  try {
    const answer = await fetch(location.pathname, { credentials: "same-origin", redirect: "manual" });
    if (hasMoved(answer) && !isTyping()) return location.assign(location.pathname);
    if (!answer.ok) return later(part);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const news = page.getElementById(part.id);
    if (!news) return location.reload();
    if (news.innerHTML !== part.innerHTML) part.replaceChildren(...news.childNodes);
    if (news.dataset.refresh) part.dataset.refresh = news.dataset.refresh;
    else delete part.dataset.refresh;
  } catch {
    // The network is away for a moment: look again later.
  }
  later(part);
}

// Signed elsewhere, expired, replaced: the page itself tells it best.
function hasMoved(answer) {
  return answer.type === "opaqueredirect" || (answer.status >= 400 && answer.status < 500);
}

function isTyping() {
  return Boolean(document.querySelector("input.input:focus")?.value);
}
