// Why the answer moved since the month end before: parts in probability, the largest first, that add up to the move.
const MOST_PARTS = 7;
const KINDS = { "passing of time": "Passing of time", "re-estimation": "Model estimated anew", relabelling: "Regimes renamed" };

drawing("moved", (place, width) => {
  const move = contents.moves[answers.as_of[chosen.index]];
  byId("moved-lead").textContent = !move ? unexplained() : partsOf(move).length ? inWords(move) : unmoved(move);
  if (!move || !partsOf(move).length) return place.replaceChildren();
  const rows = [
    { name: `Before, about ${monthOf(move.since_reference_month)}`, level: move.before },
    ...partsOf(move),
    { name: `After, about ${monthOf(move.reference_month)}`, level: move.after },
  ];
  let level = move.before;
  for (const row of rows) {
    row.from = "level" in row ? 0 : level;
    row.to = "level" in row ? row.level : (level += row.size);
  }
  const low = Math.min(0, ...rows.map((row) => row.to)), high = Math.max(0.01, ...rows.flatMap((row) => [row.from, row.to]));
  const tall = 36, height = rows.length * tall, x = scale(low, high, 0, width);
  const picture = svg("svg", { viewBox: `0 0 ${width} ${height}`, height, role: "img", "aria-label": inWords(move) });
  rows.forEach((row, i) => {
    const top = i * tall, whole = "level" in row, left = Math.min(x(row.from), x(row.to));
    picture.append(
      words(row.name, { class: whole ? "strong" : "plain", x: 0, y: top + 13 }),
      words(whole ? percent(row.level) : points(row.size), { class: whole ? "strong" : "plain", x: width, y: top + 13, "text-anchor": "end" }),
      svg("rect", { class: "track", x: 0, y: top + 20, width, height: 7, rx: 3.5 }),
      svg("rect", { class: whole ? "level" : row.size < 0 ? "fall" : "rise", x: left, y: top + 20, width: Math.max(1.5, Math.abs(x(row.to) - x(row.from))), height: 7, rx: 2 }),
    );
  });
  place.replaceChildren(picture);
});

function partsOf(move) {
  const named = move.parts.map(([kind, series, size]) => ({ name: partName(kind, series), size }));
  const sized = named.filter((part) => part.size !== 0).sort((a, b) => Math.abs(b.size) - Math.abs(a.size));
  const rest = sized.slice(MOST_PARTS);
  if (!rest.length) return sized;
  return [...sized.slice(0, MOST_PARTS), { name: `${rest.length} smaller parts`, size: rest.reduce((sum, part) => sum + part.size, 0) }];
}

function partName(kind, series) {
  if (!series) return KINDS[kind] ?? kind;
  const title = contents.titles[series] ?? series, short = title.length > 34 ? `${title.slice(0, 32).trimEnd()}…` : title;
  return kind === "revision" ? `${short}, revised` : short;
}

const unexplained = () => trailOf(chosen.index).length > 1
  ? "The record does not hold why this answer moved."
  : "The record has no answer of the month end before, so that there is no move to explain.";

const unmoved = (move) => `Nothing that counts came between ${dayOf(move.since)} and ${dayOf(move.as_of)}: the answer is ${percent(move.after)} as before.`;

const inWords = (move) =>
  `From ${percent(move.before)} (known ${dayOf(move.since)}) to ${percent(move.after)} (known ${dayOf(move.as_of)}); parts in percentage points.`;
