// Draws points or triangles in space on a flat canvas, the far ones first.

/** Of more than this each n-th is drawn: a picture has no more room. */
const MOST = 120_000;

/** Where the middle of a shape is, and how far it reaches from there. */
export function extent(points) {
  const low = [Infinity, Infinity, Infinity];
  const high = [-Infinity, -Infinity, -Infinity];
  points.forEach((value, at) => {
    low[at % 3] = Math.min(low[at % 3], value);
    high[at % 3] = Math.max(high[at % 3], value);
  });
  const middle = low.map((value, axis) => (value + high[axis]) / 2);
  const reach = Math.hypot(...low.map((value, axis) => (high[axis] - value) / 2)) || 1;
  return {middle, reach};
}

/**
 * Draw a shape as it is seen from a side.
 *
 * `look`: {turn, tilt} in radians and `zoom`; `ink`: [red, green, blue] of what has no colour of its own.
 */
export function drawShape(canvas, shape, {middle, reach}, {turn, tilt, zoom}, ink) {
  const context = canvas.getContext("2d");
  const {width, height} = canvas;
  context.clearRect(0, 0, width, height);
  const [cosA, sinA, cosB, sinB] = [Math.cos(turn), Math.sin(turn), Math.cos(tilt), Math.sin(tilt)];
  const scale = (Math.min(width, height) / 2.15 / reach) * zoom;
  const count = shape.points.length / 3;
  const [sx, sy, depth] = [new Float32Array(count), new Float32Array(count), new Float32Array(count)];
  for (let at = 0; at < count; at += 1) {
    const [x, y, z] = [0, 1, 2].map((axis) => shape.points[at * 3 + axis] - middle[axis]);
    const across = x * cosA - y * sinA;
    const along = x * sinA + y * cosA;
    sx[at] = width / 2 + across * scale;
    sy[at] = height / 2 - (z * cosB + along * sinB) * scale;
    depth[at] = (along * cosB - z * sinB) / reach; // far is more
  }
  const colour = colouring(shape, ink);
  if (shape.faces?.length) drawFaces(context, shape.faces, {sx, sy, depth}, colour);
  else drawPoints(context, {sx, sy, depth}, colour, dot(width, height, count) * Math.sqrt(zoom));
}

/** How large a point is: few points are seen as well as many. */
function dot(width, height, count) {
  return Math.min(Math.max(Math.sqrt((width * height) / count) * 0.12, 1.5), 7);
}

function drawPoints(context, {sx, sy, depth}, colour, size) {
  const every = Math.ceil(depth.length / MOST);
  const order = Array.from({length: Math.ceil(depth.length / every)}, (_, at) => at * every).sort((one, other) => depth[other] - depth[one]);
  for (const at of order) {
    context.fillStyle = colour(at, 1 - 0.3 * (depth[at] + 1));
    context.fillRect(sx[at] - size / 2, sy[at] - size / 2, size, size);
  }
}

function drawFaces(context, faces, {sx, sy, depth}, colour) {
  const count = faces.length / 3;
  const every = Math.ceil(count / MOST);
  const far = (face) => depth[faces[face * 3]] + depth[faces[face * 3 + 1]] + depth[faces[face * 3 + 2]];
  const order = Array.from({length: Math.ceil(count / every)}, (_, at) => at * every).sort((one, other) => far(other) - far(one));
  for (const face of order) {
    const [a, b, c] = [0, 1, 2].map((corner) => faces[face * 3 + corner]);
    // the more a face looks aside, the darker it is: its area as seen, beside its longest edge
    const area = Math.abs((sx[b] - sx[a]) * (sy[c] - sy[a]) - (sx[c] - sx[a]) * (sy[b] - sy[a]));
    const edge = Math.max(Math.hypot(sx[b] - sx[a], sy[b] - sy[a]), Math.hypot(sx[c] - sx[a], sy[c] - sy[a]), Math.hypot(sx[c] - sx[b], sy[c] - sy[b]), 1e-6);
    context.fillStyle = colour(a, 0.45 + 0.55 * Math.min(1, area / (edge * edge * 0.8)));
    context.strokeStyle = context.fillStyle; // without, a seam of the ground shows between two faces
    context.beginPath();
    context.moveTo(sx[a], sy[a]);
    context.lineTo(sx[b], sy[b]);
    context.lineTo(sx[c], sy[c]);
    context.closePath();
    context.fill();
    context.stroke();
  }
}

/** The colour of a point with so much light: its own, that of its value between blue and yellow, or that of the ink. */
function colouring({colours, values}, ink) {
  const [low, high] = values ? [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))] : [0, 1];
  const own = (at) => {
    if (colours) return [colours[at * 3], colours[at * 3 + 1], colours[at * 3 + 2]];
    if (!values) return ink;
    const share = (values[at] - low) / (high - low || 1);
    return [40 + 200 * share, 80 + 120 * share, 200 - 150 * share];
  };
  return (at, light) => `rgb(${own(at).map((part) => Math.round(part * light)).join(" ")})`;
}
