// The business-cycle clock: activity to the right, momentum upwards, so that the cycle turns clockwise.
// Each regime has a corner; a point is the centre of gravity of the probabilities.
const TRAIL = 24;
const placeOf = (index) => contents.regimes.reduce(
  ([x, y], regime) => {
    const p = probabilityOf(index, regime.label);
    return [x + p * regime.activity, y + p * regime.momentum];
  }, [0, 0]);

// The last answer of each month end, so that a month with many answers counts once; back to where one is missing.
function trailOf(index) {
  const found = [];
  for (let i = index; i >= 0 && found.length <= TRAIL && (i === index || followsOn(i, i + 1)); i--) {
    if (i === index || answers.as_of[i] !== answers.as_of[i + 1]) found.push(i);
  }
  return found.reverse();
}

drawing("clock", (place, width) => {
  const size = Math.min(width, 440), centre = size / 2, radius = centre - 4, unit = radius / 1.5, index = chosen.index;
  const at = ([x, y]) => [centre + x * unit, centre - y * unit];
  const picture = svg("svg", { viewBox: `0 0 ${size} ${size}`, role: "img", "aria-label": described(index) });
  const small = size < 260;
  picture.append(svg("circle", { class: "dial", cx: centre, cy: centre, r: radius }));
  contents.regimes.forEach((regime, j) => {
    const [fromX, fromY] = [centre + regime.activity * radius, centre], [toX, toY] = [centre, centre - regime.momentum * radius];
    const sweep = regime.activity * regime.momentum > 0 ? 0 : 1, arc = `A${radius} ${radius} 0 0 ${sweep} ${toX} ${toY}`;
    picture.append(
      svg("path", { class: `quarter ${colorOf(regime.label)}`, d: `M${centre} ${centre}L${fromX} ${fromY}${arc}Z` }),
      svg("path", { class: "ring", stroke: `var(--${phaseOf(regime.label)})`, d: `M${fromX} ${fromY}${arc}` }),
    );
  });
  picture.append(
    svg("path", { class: "axis", d: `M${centre - radius} ${centre}H${centre + radius}M${centre} ${centre - radius}V${centre + radius}` }),
  );
  cloud(picture, at, unit, index, centre, radius);
  trail(picture, at, trailOf(index), small);
  if (!small) inscribe(picture, size, centre, index);
  place.replaceChildren(picture);
});

function cloud(picture, at, unit, index, centre, radius) {
  const defs = svg("defs", {}, svg("clipPath", { id: "dial" }, svg("circle", { cx: centre, cy: centre, r: radius - 2 })));
  const inside = svg("g", { "clip-path": "url(#dial)" });
  picture.append(defs, inside);
  contents.regimes.forEach((regime, j) => {
    const p = probabilityOf(index, regime.label), [x, y] = at([regime.activity * 0.82, regime.momentum * 0.82]);
    defs.append(svg("radialGradient", { id: `cloud-${j}` },
      svg("stop", { offset: "0", "stop-color": `var(--${phaseOf(regime.label)})`, "stop-opacity": (0.15 + 0.6 * p).toFixed(2) }),
      svg("stop", { offset: "1", "stop-color": `var(--${phaseOf(regime.label)})`, "stop-opacity": "0" })));
    if (p > 0.002) inside.append(svg("circle", { cx: x, cy: y, r: (unit * 0.95 * Math.sqrt(p)).toFixed(1), fill: `url(#cloud-${j})` }));
  });
}

function trail(picture, at, indices, small) {
  const points = indices.map((i) => at(placeOf(i)));
  points.slice(1).forEach((point, i) => picture.append(
    svg("path", { class: "trail", d: line([points[i], point]), opacity: (0.15 + 0.75 * ((i + 1) / points.length)).toFixed(2) })));
  points.slice(0, -1).forEach(([x, y], i) => picture.append(svg("circle", {
    class: colorOf(answers.label[indices[i]]), cx: x, cy: y, r: small ? 1.6 : 2.6,
    opacity: (0.25 + 0.65 * ((i + 1) / points.length)).toFixed(2),
  }, svg("title", {}, document.createTextNode(`${monthOf(answers.reference_month[indices[i]])}: ${answers.label[indices[i]]}, recession ${percent(answers.recession_probability[indices[i]])}`)))));
  const [x, y] = points.at(-1), regime = colorOf(answers.label[indices.at(-1)]), centre = at([0, 0]);
  picture.append(svg("path", { class: "hand", d: line([centre, [x, y]]) }));
  picture.append(svg("circle", { class: `here ${regime}`, cx: x, cy: y, r: small ? 6 : 9 }));
}

function inscribe(picture, size, centre, index) {
  for (const regime of contents.regimes) {
    const right = regime.activity > 0, top = regime.momentum > 0, x = right ? size : 0, anchor = right ? "end" : "start";
    const y = top ? 12 : size - 18;
    picture.append(
      words(regime.label, { class: "name", x, y, "text-anchor": anchor }),
      words(percent(probabilityOf(index, regime.label)), { x, y: y + 16, "text-anchor": anchor }),
    );
  }
  picture.append(
    words("rising", { x: centre, y: 24, "text-anchor": "middle" }),
    words("falling", { x: centre, y: size - 15, "text-anchor": "middle" }),
    words("high", { x: size - 14, y: centre - 6, "text-anchor": "end" }),
    words("low", { x: 14, y: centre - 6 }),
  );
}

const described = (index) =>
  `Business-cycle clock at ${monthOf(answers.reference_month[index])}: ` +
  contents.regimes.map((regime) => `${regime.label} ${percent(probabilityOf(index, regime.label))}`).join(", ");
