/** A place in the drawing of the mesh, in its units. */
export interface MeshPlace {
  readonly x: number;
  readonly y: number;
}

/** The drawing of a mesh. */
export interface MeshLayout {
  readonly height: number;
  readonly self: MeshPlace;
  readonly peers: readonly MeshPlace[];
}

/** Peers that are drawn; the list has all of them. */
export const MAX_DRAWN: number = 36;
/** Peers on the inner ring, where names have room. */
const INNER = 12;
/** Room for names at the edges: beside a circle, and above or below it. */
const SIDE = 58;
const ASIDE = 60;

/**
 * Places for peers around the node in the middle: one ellipse, or two when there are many. The first peer is
 * at the top, and a given number of peers always has the same places. One or two peers make a line or a
 * triangle with the node.
 */
export function placeMesh(peers: number, width: number): MeshLayout {
  const drawn = Math.min(peers, MAX_DRAWN);
  const height = heightFor(drawn);
  const self = { x: width / 2, y: height / 2 };
  const radius = { x: Math.max(0, width / 2 - SIDE), y: height / 2 - ASIDE };
  if (drawn <= 2) return few(drawn, { height, self, radius });
  const ring = (count: number, part: number) => ringOf(count, self, radius, part);
  if (drawn <= INNER) return { height, self, peers: ring(drawn, 1) };
  return { height, self, peers: [...ring(INNER, 0.58), ...ring(drawn - INNER, 1)] };
}

interface FewInit {
  readonly height: number;
  readonly self: MeshPlace;
  readonly radius: MeshPlace;
}

function few(count: number, { height, self: { x, y }, radius }: FewInit): MeshLayout {
  const aside = radius.x * 0.72;
  if (count < 2) {
    const peers = count === 1 ? [{ x: x + aside, y }] : [];
    return { height, self: { x: x - (count === 1 ? aside : 0), y }, peers };
  }
  const [top, bottom] = [y - radius.y - ASIDE / 2, y + radius.y];
  return {
    height,
    self: { x, y: top },
    peers: [-aside, aside].map((by) => ({ x: x + by, y: bottom })),
  };
}

function ringOf(count: number, middle: MeshPlace, radius: MeshPlace, part: number): MeshPlace[] {
  return Array.from({ length: count }, (_, i) => {
    const angle = -Math.PI / 2 + (2 * Math.PI * i) / count;
    return {
      x: middle.x + part * radius.x * Math.cos(angle),
      y: middle.y + part * radius.y * Math.sin(angle),
    };
  });
}

/** Few peers need less room. */
function heightFor(peers: number): number {
  if (peers <= 2) return 222;
  return peers <= 6 ? 310 : 370;
}
