/** Two texts, line by line. */
export interface DiffLine {
  kind: "same" | "out" | "in";
  text: string;
}

/** Cells of the table below; two texts that need more are shown as wholly different where they differ. */
const MOST = 4_000_000;

export function diffLines(before: string, now: string): DiffLine[] {
  const a = before.split("\n");
  const b = now.split("\n");
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail += 1;
  const out = a.slice(head, a.length - tail);
  const inn = b.slice(head, b.length - tail);
  const same = (text: string): DiffLine => ({ kind: "same", text });
  return [...a.slice(0, head).map(same), ...middle(out, inn), ...a.slice(a.length - tail).map(same)];
}

function middle(a: string[], b: string[]): DiffLine[] {
  if (a.length * b.length > MOST) return [...a.map((text): DiffLine => ({ kind: "out", text })), ...b.map((text): DiffLine => ({ kind: "in", text }))];
  // Lengths of the longest common parts of what follows.
  const width = b.length + 1;
  const table = new Uint32Array((a.length + 1) * width);
  const cell = (x: number, y: number) => table[x * width + y] ?? 0;
  for (let x = a.length - 1; x >= 0; x -= 1) for (let y = b.length - 1; y >= 0; y -= 1) table[x * width + y] = a[x] === b[y] ? cell(x + 1, y + 1) + 1 : Math.max(cell(x + 1, y), cell(x, y + 1));
  const lines: DiffLine[] = [];
  let x = 0;
  let y = 0;
  while (x < a.length || y < b.length) {
    if (x < a.length && y < b.length && a[x] === b[y]) {
      lines.push({ kind: "same", text: a[x] ?? "" });
      x += 1;
      y += 1;
    } else if (x < a.length && (y >= b.length || cell(x + 1, y) >= cell(x, y + 1))) {
      lines.push({ kind: "out", text: a[x] ?? "" });
      x += 1;
    } else {
      lines.push({ kind: "in", text: b[y] ?? "" });
      y += 1;
    }
  }
  return lines;
}

/** Only what differs, with so many lines around it; `null` is where others were left out. */
export function shortened(lines: DiffLine[], around = 3): (DiffLine | null)[] {
  const near = new Set<number>();
  lines.forEach((line, at) => {
    if (line.kind !== "same") for (let one = at - around; one <= at + around; one += 1) near.add(one);
  });
  return lines.flatMap((line, at): (DiffLine | null)[] => (near.has(at) ? [line] : at === 0 || near.has(at - 1) ? [null] : []));
}
