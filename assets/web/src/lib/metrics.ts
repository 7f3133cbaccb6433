/** Points of what a container used, made ready to be drawn. No component here. */
export interface Point {
  /** Seconds of the epoch. */
  at: number;
  seconds: number;
  /** `null` where nothing was measured. */
  cpu: number | null;
  most: number | null;
  memory: number | null;
  limit: number | null;
  pids: number | null;
  network: [number, number];
  block: [number, number];
}

/** Spans without points that are longer than so many of their neighbours' are a gap. */
const LONG = 4;
const LEAST = 10;

/** Puts an empty point into each gap, so that no line is drawn through it. */
export function gaps(points: Point[]): Point[] {
  return points.flatMap((point, index) => {
    const before = points[index - 1];
    if (!before || point.at - before.at <= Math.max(LEAST, LONG * Math.max(before.seconds, point.seconds))) return [point];
    return [{ ...point, at: before.at + before.seconds, cpu: null, most: null, memory: null, limit: null, pids: null }, point];
  });
}

/** What counters grew by in a second; none across gaps, and where a counter began anew. */
export function rates(points: Point[], of: (point: Point) => [number, number]): [number | null, number | null][] {
  return points.map((point, index) => {
    const before = points[index - 1];
    if (!before || before.cpu === null || point.cpu === null) return [null, null];
    const time = Math.max(0.5, point.at - before.at);
    const grown = (side: 0 | 1): number | null => (of(point)[side] < of(before)[side] ? null : (of(point)[side] - of(before)[side]) / time);
    return [grown(0), grown(1)];
  });
}
