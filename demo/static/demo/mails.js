// The list is read again every two seconds, and replaced only when it has changed: nothing jumps under the finger.
const list = document.getElementById("mails");

async function refresh() {
  const answer = await fetch(location.href);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  const fresh = page.getElementById("mails");
  if (fresh && fresh.innerHTML !== list.innerHTML) list.innerHTML = fresh.innerHTML;
}

setInterval(() => document.hidden || refresh().catch(() => {}), 2000);
