// An optional drawn signature. Without this script the page has no pad and signing works all the same.
// Strokes are kept as fractions of the pad, so that it can be redrawn at any size and in any colour scheme,
// and sent as black ink on a transparent ground.

const MAX_SENT = 190_000;
const SENT = { width: 900, height: 300 };
const PEN = 1 / 60;

const root = document.querySelector("[data-pad]");
if (root) start(root);

function start(root) {
  const field = root.querySelector("input[name=drawing]");
  const said = root.querySelector("[data-said]");
  const pad = document.createElement("canvas");
  const drawn = { strokes: [], name: "", kept: null };
  const show = () => paint(pad, drawn, getComputedStyle(pad).color);

  pad.className = "pad";
  pad.setAttribute("role", "img");
  pad.setAttribute("aria-labelledby", "pad-label");
  pad.setAttribute("aria-describedby", "pad-hint");
  field.before(pad);
  root.hidden = false;

  new ResizeObserver(() => {
    fit(pad);
    show();
  }).observe(pad);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", show);
  restore(field, drawn, show);

  const changed = (words) => {
    show();
    field.value = isEmpty(drawn) ? "" : exported(pad, drawn);
    said.textContent = words;
  };
  draw(pad, drawn, show, () => changed("Signature dessinée."));
  root.querySelector("[data-clear]").addEventListener("click", () => {
    Object.assign(drawn, { strokes: [], name: "", kept: null });
    changed("Signature effacée.");
  });
  root.querySelector("[data-write]").addEventListener("click", () => {
    const name = typedName(root.closest("form"));
    if (!name) {
      said.textContent = "Écrivez d'abord votre prénom et votre nom.";
      root.closest("form").elements.first_name.focus();
      return;
    }
    Object.assign(drawn, { strokes: [], name, kept: null });
    document.fonts.load("500 40px Title").finally(() => changed(`Signature écrite : ${name}.`));
  });
}

function typedName(form) {
  const { first_name: first, last_name: last } = form.elements;
  return `${first.value} ${last.value}`.replace(/\s+/g, " ").trim();
}

function isEmpty({ strokes, name, kept }) {
  return !strokes.length && !name && !kept;
}

function fit(pad) {
  const scale = Math.min(window.devicePixelRatio || 1, 2);
  pad.width = Math.round(pad.clientWidth * scale);
  pad.height = Math.round(pad.clientHeight * scale);
}

// What was drawn before the form came back with an error.
function restore(field, drawn, show) {
  if (!field.value.startsWith("data:image/png;base64,")) return;
  const picture = new Image();
  picture.addEventListener("load", () => {
    drawn.kept = picture;
    show();
  });
  picture.src = field.value;
}

function draw(pad, drawn, show, finished) {
  let stroke = null;
  const point = (event) => {
    const box = pad.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  };
  pad.addEventListener("pointerdown", (event) => {
    if (event.button > 0 || stroke) return;
    event.preventDefault();
    pad.setPointerCapture(event.pointerId);
    if (drawn.name) drawn.name = "";
    stroke = [point(event)];
    drawn.strokes.push(stroke);
    show();
  });
  pad.addEventListener("pointermove", (event) => {
    if (!stroke) return;
    const passed = event.getCoalescedEvents?.() ?? [];
    for (const step of passed.length ? passed : [event]) stroke.push(point(step));
    show();
  });
  const end = () => {
    if (!stroke) return;
    stroke = null;
    finished();
  };
  pad.addEventListener("pointerup", end);
  pad.addEventListener("pointercancel", end);
}

function paint(canvas, { strokes, name, kept }, colour) {
  const pen = canvas.getContext("2d");
  const { width, height } = canvas;
  pen.clearRect(0, 0, width, height);
  if (kept) stamp(pen, kept, colour, width, height);
  pen.strokeStyle = pen.fillStyle = colour;
  pen.lineWidth = Math.max(1.5, height * PEN);
  pen.lineCap = pen.lineJoin = "round";
  for (const stroke of strokes) line(pen, stroke.map(([x, y]) => [x * width, y * height]));
  if (name) write(pen, name, width, height);
}

// Quadratic curves through the middles of the steps: a calm line from few points.
function line(pen, points) {
  pen.beginPath();
  pen.moveTo(...points[0]);
  for (let i = 1; i < points.length; i += 1) {
    const [x, y] = points[i];
    const [nextX, nextY] = points[i + 1] ?? points[i];
    pen.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2);
  }
  if (points.length === 1) pen.lineTo(points[0][0] + 0.1, points[0][1]);
  pen.stroke();
}

function write(pen, name, width, height) {
  let size = height * 0.38;
  const set = () => {
    pen.font = `500 ${size}px Title, Georgia, serif`;
  };
  set();
  const wide = pen.measureText(name).width;
  if (wide > width * 0.84) size *= (width * 0.84) / wide;
  set();
  pen.textAlign = "center";
  pen.textBaseline = "alphabetic";
  pen.fillText(name, width / 2, height * 0.72);
}

// A kept picture is black ink: it takes the colour of the day.
function stamp(pen, picture, colour, width, height) {
  const scale = Math.min(width / picture.width, height / picture.height);
  const [w, h] = [picture.width * scale, picture.height * scale];
  pen.drawImage(picture, (width - w) / 2, (height - h) / 2, w, h);
  pen.globalCompositeOperation = "source-in";
  pen.fillStyle = colour;
  pen.fillRect(0, 0, width, height);
  pen.globalCompositeOperation = "source-over";
}

function exported(pad, drawn) {
  const sheet = document.createElement("canvas");
  const ratio = Math.max(pad.clientWidth / pad.clientHeight, 0.5);
  for (let factor = 1; factor > 0.1; factor /= 2) {
    sheet.width = Math.round(Math.min(SENT.width, SENT.height * ratio) * factor);
    sheet.height = Math.round(sheet.width / ratio);
    paint(sheet, drawn, "#000");
    const address = sheet.toDataURL("image/png");
    if (address.length <= MAX_SENT) return address;
  }
  return "";
}
