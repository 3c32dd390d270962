// A customer while they are typed or chosen: who is there already is told, and the worksite follows the address.
(() => {
  // select2 names its box by what is chosen, which is nothing at first.
  window.django?.jQuery?.(() => document.querySelectorAll(".select2-selection").forEach((box) => {
    const field = box.closest(".select2-container")?.previousElementSibling;
    const label = field?.id && document.querySelector(`label[for="${field.id}"]`);
    if (!label) return;
    label.id = `label-of-${field.id}`;
    const shown = box.querySelector(".select2-selection__rendered");
    box.setAttribute("aria-labelledby", `${label.id} ${shown.id}`);
    shown.setAttribute("aria-labelledby", label.id);
  }));

  const address = document.querySelector("[data-similar]")?.dataset.similar;
  if (!address) return;
  const ask = async (asked) => {
    const answer = await fetch(`${address}?${new URLSearchParams(asked)}`, { headers: { Accept: "application/json" } });
    return answer.ok ? (await answer.json()).customers : [];
  };
  const select = document.querySelector("select[name=customer]");
  const choose = (customer) => {
    select.replaceChildren(new Option(customer.name, customer.pk, true, true));
    if (window.django?.jQuery) django.jQuery(select).trigger("change");
    else select.dispatchEvent(new Event("change"));
  };

  // Who is like the one that is typed
  document.querySelectorAll("[data-similar]").forEach((panel) => {
    const told = panel.querySelector("[data-similar-told]");
    const field = (name) => panel.querySelector(`[name$="${name}"]`);
    const typed = () => ({
      mail: field("email").value,
      tel: field("phone").value,
      nom: field("company_name").value || `${field("first_name").value} ${field("last_name").value}`.trim(),
      sauf: panel.dataset.except || "",
    });
    let waiting, last = "";
    const look = async () => {
      const asked = typed(), key = JSON.stringify(asked);
      if (key === last) return;
      last = key;
      const found = await ask(asked);
      if (key !== last) return;
      told.hidden = !found.length;
      told.querySelector("ul").replaceChildren(...found.map((customer) => {
        const row = document.createElement("li");
        const link = document.createElement("a");
        link.className = "desk-link"; link.href = customer.url; link.textContent = customer.name;
        row.append(link, customer.phone ? ` ${customer.phone} ` : " ");
        if (select) {
          const take = document.createElement("button");
          take.type = "button"; take.className = "desk-button second"; take.textContent = `Choisir ${customer.name.split(",")[0]}`;
          take.addEventListener("click", () => {
            choose(customer);
            panel.querySelectorAll("input, textarea").forEach((one) => { one.value = ""; });
            told.hidden = true; panel.open = false;
            select.closest(".field-customer, .form-row")?.querySelector("[tabindex], select")?.focus();
          });
          row.append(take);
        }
        return row;
      }));
    };
    panel.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(look, 350); });
  });

  // The worksite of the chosen customer
  const worksite = document.querySelector("textarea[name=worksite]");
  if (!select || !worksite) return;
  let own = "";
  const same = document.createElement("button");
  same.type = "button"; same.className = "desk-link"; same.hidden = true; same.textContent = "Identique à l'adresse du client";
  same.addEventListener("click", () => { worksite.value = own; worksite.dispatchEvent(new Event("input", { bubbles: true })); same.hidden = true; });
  worksite.after(same);
  const follow = async ({ fill }) => {
    if (!select.value) return;
    const [customer] = await ask({ client: select.value });
    if (!customer) return;
    if (fill && !customer.business && (!worksite.value.trim() || worksite.value === own)) {
      worksite.value = customer.address;
      worksite.dispatchEvent(new Event("input", { bubbles: true }));
    }
    own = customer.address;
    same.hidden = worksite.value.trim() === own.trim();
  };
  worksite.addEventListener("input", () => { same.hidden = !own || worksite.value.trim() === own.trim(); });
  if (window.django?.jQuery) django.jQuery(select).on("change", () => follow({ fill: true }));
  else select.addEventListener("change", () => follow({ fill: true }));
  if (select.value) follow({ fill: !worksite.value && !document.querySelector("[name=_stamp]") });
})();
