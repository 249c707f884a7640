// What was said at each month end, as far as it had been said on the chosen day; recessions once they were announced.
const LEAST_YEARS = 20;
const YEAR = 365.25 * 864e5;
const shown = { years: 0 };
const newestOfMonth = answers.as_of.flatMap((asOf, i) => (answers.as_of[i + 1] === asOf ? [] : [i]));

drawing("history", (place, width) => {
  const narrow = width < 560, height = narrow ? 220 : 280, edge = { left: 38, right: 6, top: 10, bottom: 38 };
  const end = time(contents.today), first = firstShown(end);
  const from = shown.years ? Math.max(first, end - shown.years * YEAR) : first;
  const x = scale(from, end, edge.left, width - edge.right), y = scale(0, 1, height - edge.bottom, edge.top);
  const known = newestOfMonth.filter((i) => i <= chosen.index && time(answers.reference_month[i]) >= from);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": historyInWords(known) });
  grid(picture, width, height, edge, x, y, from, end, narrow);
  shades(picture, x, y, from);
  if (known.length) said(picture, known, x, y);
  if (isToday()) picture.append(svg("path", { class: "now-line", d: line(seenNow(from).map(([t, p]) => [x(t), y(p)])) }));
  ribbon(picture, known, x, height - edge.bottom + 4);
  if (!isToday()) {
    const at = x(clamp(time(chosen.day), from, end));
    picture.append(svg("path", { class: "marker", d: `M${at} ${edge.top}V${height - edge.bottom + 12}` }));
  }
  place.replaceChildren(picture);
  pointing(place, picture, width, height, edge, x, from);
});

// A record that has just begun is shown beside the past as it is seen now.
const firstShown = (end) => Math.min(
  time(answers.reference_month[0]), Math.max(time(contents.seen_now.month[0]), end - LEAST_YEARS * YEAR));

const seenNow = (from) => contents.seen_now.month.flatMap((month, i) => {
  const t = time(month);
  return t < from ? [] : [[t, contents.seen_now.probability[i]]];
});

function grid(picture, width, height, edge, x, y, from, end, narrow) {
  for (const p of [0, 0.5, 1]) {
    picture.append(
      svg("path", { class: p === 0.5 ? "half" : "grid", d: `M${edge.left} ${y(p)}H${width - edge.right}` }),
      words(`${100 * p}${SPACE}%`, { x: edge.left - 6, y: y(p) + 4, "text-anchor": "end" }),
    );
  }
  const years = (end - from) / 31557600000, most = narrow ? 5 : 10;
  const step = [1, 2, 5, 10, 20].find((each) => years / each <= most) ?? 50;
  for (let year = Math.ceil((new Date(from).getUTCFullYear() + 0.01) / step) * step; Date.UTC(year, 0) <= end; year += step) {
    picture.append(words(year, { x: x(Date.UTC(year, 0)), y: height - 6, "text-anchor": "middle" }));
  }
}

// A recession is shaded from the month after its peak; while its trough was not announced, up to the chosen day.
function shades(picture, x, y, from) {
  for (const each of contents.recessions) {
    if (each.peak_known > chosen.day) continue;
    const begin = new Date(each.peak), first = Date.UTC(begin.getUTCFullYear(), begin.getUTCMonth() + 1);
    const over = each.trough && each.trough_known <= chosen.day ? new Date(each.trough) : null;
    const until = over ? Date.UTC(over.getUTCFullYear(), over.getUTCMonth() + 1) : time(chosen.day);
    if (until <= from) continue;
    const left = x(Math.max(first, from));
    picture.append(svg("rect", { class: "shade", x: left, width: Math.max(1.5, x(until) - left), y: y(1), height: y(0) - y(1) }));
  }
}

// Answers of month ends that follow each other; the record may have gaps.
function runs(known) {
  const found = [];
  known.forEach((i, place) => {
    if (place && followsOn(known[place - 1], i)) found.at(-1).push(i); else found.push([i]);
  });
  return found;
}

function said(picture, known, x, y) {
  for (const run of runs(known)) {
    const points = run.map((i) => [x(time(answers.reference_month[i])), y(answers.recession_probability[i])]);
    const base = `L${points.at(-1)[0].toFixed(1)} ${y(0)}L${points[0][0].toFixed(1)} ${y(0)}Z`;
    picture.append(svg("path", { class: "said-area", d: line(points) + base }), svg("path", { class: "said-line", d: line(points) }));
  }
  const i = known.at(-1);
  picture.append(svg("circle", {
    class: "marker-dot", cx: x(time(answers.reference_month[i])), cy: y(answers.recession_probability[i]), r: 5,
  }));
}

function ribbon(picture, known, x, top) {
  const month = 31 * 864e5;
  for (const run of runs(known)) {
    let from = time(answers.reference_month[run[0]]);
    run.forEach((i, place) => {
      const next = run[place + 1];
      if (next !== undefined && answers.label[next] === answers.label[i]) return;
      const until = next === undefined ? time(answers.reference_month[i]) + month : time(answers.reference_month[next]);
      picture.append(svg("rect", {
        class: colorOf(answers.label[i]), x: x(from), width: Math.max(0.8, x(until) - x(from)), y: top, height: 7,
      }));
      from = until;
    });
  }
}

// The answer under the pointer; a press chooses its day.
function pointing(place, picture, width, height, edge, x, from) {
  const end = time(contents.today), tip = document.createElement("div");
  const pick = svg("path", { class: "pick", visibility: "hidden" });
  tip.className = "tip";
  tip.hidden = true;
  picture.append(pick);
  place.append(tip);
  const under = (event) => {
    const box = picture.getBoundingClientRect();
    const t = from + ((event.clientX - box.left - edge.left) / (width - edge.left - edge.right)) * (end - from);
    return standingOn(new Date(clamp(t, from, end)).toISOString().slice(0, 10));
  };
  const show = (event) => {
    const i = under(event), at = x(time(answers.known_from[i]));
    pick.setAttribute("d", `M${at} ${edge.top}V${height - edge.bottom}`);
    pick.setAttribute("visibility", "visible");
    const title = document.createElement("b");
    title.textContent = `As of ${dayOf(answers.known_from[i])}`;
    tip.replaceChildren(title, `${answers.label[i]}; recession ${percent(answers.recession_probability[i])}, about ${monthOf(answers.reference_month[i])}`);
    tip.hidden = false;
    tip.style.left = `${clamp(at - tip.offsetWidth / 2, 0, width - tip.offsetWidth)}px`;
  };
  picture.addEventListener("pointermove", show);
  picture.addEventListener("pointerleave", () => { tip.hidden = true; pick.setAttribute("visibility", "hidden"); });
  picture.addEventListener("click", (event) => choose(under(event)));
}

const historyInWords = (known) => known.length
  ? `Probability of a recession from ${monthOf(answers.reference_month[known[0]])} to ${monthOf(answers.reference_month[known.at(-1)])}; the last is ${percent(answers.recession_probability[known.at(-1)])}`
  : "No answer in these years yet";

for (const button of document.querySelectorAll("[data-years]")) {
  button.addEventListener("click", () => {
    shown.years = +button.dataset.years;
    for (const each of document.querySelectorAll("[data-years]")) each.setAttribute("aria-pressed", String(each === button));
    choose(chosen.index, chosen.day);
  });
}
