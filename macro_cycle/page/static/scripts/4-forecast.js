// The months ahead with their band, as the chosen answer foresaw them, after the year before as it was said at the time.
drawings.push(() => {
  const place = byId("ahead");
  if (place) place.hidden = !answers.outlook[chosen.index];
});

drawing("fan", (place, width) => {
  const foreseen = answers.outlook[chosen.index];
  if (!foreseen) return;
  const height = 220, edge = { left: 46, right: 8, top: 10, bottom: 26 }, months = foreseen.length - 1;
  const past = yearBefore(chosen.index), ends = foreseen.map(([, , high]) => high);
  const highest = Math.max(...past.map(([, p]) => p), ...ends), top = [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75].find((each) => each >= highest) ?? 1;
  const x = scale(-12, months, edge.left, width - edge.right), y = scale(0, top, height - edge.bottom, edge.top);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": foreseenInWords(foreseen) });
  for (const p of [0, top / 2, top]) {
    picture.append(
      svg("path", { class: "grid", d: `M${edge.left} ${y(p)}H${width - edge.right}` }),
      words(`${+(100 * p).toFixed(1)}${SPACE}%`, { x: edge.left - 6, y: y(p) + 4, "text-anchor": "end" }),
    );
  }
  const upper = foreseen.map(([, , high], h) => [x(h), y(high)]), lower = foreseen.map(([, low], h) => [x(h), y(low)]);
  picture.append(
    svg("path", { class: "fan", d: `${line([...upper, ...lower.reverse()])}Z` }),
    svg("path", { class: "said-line", d: line(past.map(([h, p]) => [x(h), y(p)])) }),
    svg("path", { class: "fan-line", d: line(foreseen.map(([value], h) => [x(h), y(value)])) }),
    svg("circle", { class: "marker-dot", cx: x(0), cy: y(foreseen[0][0]), r: 5 }),
    words(monthOf(answers.reference_month[chosen.index]), { x: x(0), y: height - 6, "text-anchor": "middle" }),
    words("a year later", { x: x(months), y: height - 6, "text-anchor": "end" }),
    words("a year before", { x: edge.left, y: height - 6 }),
  );
  foreseen.forEach(([value, low, high], h) => picture.append(
    svg("circle", { cx: x(h), cy: y(value), r: 9, fill: "transparent" },
      svg("title", {}, document.createTextNode(`${h} months ahead: ${percent(value)} (${percent(low)} to ${percent(high)})`)))));
  place.replaceChildren(picture);
});

// Months before the reference month of an answer, each with the last answer that had been given about it.
function yearBefore(index) {
  const at = (i) => 12 * answers.reference_month[i].slice(0, 4) + +answers.reference_month[i].slice(5, 7);
  const found = new Map();
  for (let i = index; i >= 0 && at(index) - at(i) <= 12; i--) {
    if (!found.has(at(i))) found.set(at(i), answers.recession_probability[i]);
  }
  return [...found].map(([month, p]) => [month - at(index), p]).reverse();
}

function foreseenInWords(foreseen) {
  const [value, low, high] = foreseen.at(-1);
  return `Probability of recession: ${percent(foreseen[1][0])} in the next month, ${percent(value)} in ${foreseen.length - 1} months (${percent(low)} to ${percent(high)})`;
}
