// « Photos et documents »: files go one by one with their progress, and nothing that is being written is reloaded.
(() => {
  const start = (section) => {
    section.querySelector("[data-without-script]")?.remove();
    section.querySelectorAll("form").forEach((form) => form.addEventListener("submit", (event) => {
      event.preventDefault();
      const busy = form.matches("[data-upload]") ? upload(form) : send(form, filled(form, event.submitter));
      form.querySelectorAll("button").forEach((button) => { button.disabled = true; });
      busy.then(({ html, errors }) => replace(html, errors)).catch(() => form.submit());
    }));
  };

  const filled = (form, submitter) => {
    const data = new FormData(form);
    if (submitter?.name) data.append(submitter.name, "");
    return data;
  };

  const send = (form, data, told = () => {}) => new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", form.action);
    request.setRequestHeader("X-Part", "enclosures");
    request.upload.addEventListener("progress", (event) => told(event.loaded / event.total));
    request.addEventListener("error", reject);
    request.addEventListener("load", () => {
      if (![200, 422].includes(request.status)) return location.reload();
      resolve({ html: request.responseText, errors: [] });
    });
    request.send(data);
  });

  async function upload(form) {
    const fields = [...form.querySelectorAll("input[type=file]")];
    const files = fields.flatMap((field) => [...field.files]);
    if (!files.length) return send(form, new FormData(form));
    const [box, bar, said] = ["[data-progress]", "progress", "[data-said]"].map((one) => form.querySelector(one));
    box.hidden = false;
    let last;
    const errors = [];
    for (const [rank, file] of files.entries()) {
      const words = files.length > 1 ? `Envoi de ${file.name}, ${rank + 1} sur ${files.length}` : `Envoi de ${file.name}`;
      said.textContent = form.querySelector("[data-status]").textContent = words;
      const data = new FormData(form);
      fields.forEach((field) => data.delete(field.name));
      data.append("chosen", file);
      last = await send(form, data, (part) => { bar.value = Math.round(100 * (rank + part) / files.length); });
      if (rank < files.length - 1) errors.push(...refusals(last.html));
    }
    return { html: last.html, errors };
  }

  const parsed = (html) => new DOMParser().parseFromString(html, "text/html").querySelector("[data-enclosures]");
  const refusals = (html) => [...parsed(html).querySelectorAll(".errorlist li")].map((one) => one.textContent);

  function replace(html, errors) {
    const section = parsed(html);
    if (!section) return location.reload();
    document.querySelector("[data-enclosures]").replaceWith(section);
    if (errors.length) {
      const list = section.querySelector(".errorlist") ?? section.querySelector("[data-upload] h3").insertAdjacentElement("afterend", Object.assign(document.createElement("ul"), { className: "errorlist desk-notice bad" }));
      list.prepend(...errors.map((words) => Object.assign(document.createElement("li"), { textContent: words })));
    }
    start(section);
    section.querySelector("h2").setAttribute("tabindex", "-1");
    section.querySelector("h2").focus({ preventScroll: true });
  }

  document.querySelectorAll("[data-enclosures]").forEach(start);
})();
