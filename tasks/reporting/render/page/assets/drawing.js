// Points by WebGL: a hundred thousand of them in one call a layer.

const VERTEX = `#version 300 es
in vec2 place; in float theme; in float state;
uniform vec2 middle, reach; uniform float size, layer; uniform sampler2D colours;
out vec4 colour;
void main() {
  float lit = step(1.5, state), dim = 1.0 - step(0.5, state);
  float own = lit * 2.0 + (1.0 - lit) * (1.0 - dim);
  gl_Position = own == layer ? vec4((place - middle) * reach, 0.0, 1.0) : vec4(2.0, 2.0, 2.0, 1.0);
  gl_PointSize = size * (layer > 1.5 ? 1.7 : layer < 0.5 ? 0.8 : 1.0);
  vec4 own_colour = texelFetch(colours, ivec2(int(theme), 0), 0);
  colour = layer < 0.5 ? vec4(0.55, 0.55, 0.57, 0.16) : vec4(own_colour.rgb, layer > 1.5 ? 1.0 : 0.78);
}`;
const FRAGMENT = `#version 300 es
precision mediump float;
in vec4 colour; out vec4 painted;
void main() {
  float away = length(gl_PointCoord - 0.5) * 2.0;
  float inside = 1.0 - smoothstep(0.72, 1.0, away);
  painted = vec4(colour.rgb, 1.0) * colour.a * inside;
}`;

function shader(gl, kind, source) {
  const made = gl.createShader(kind);
  gl.shaderSource(made, source);
  gl.compileShader(made);
  if (!gl.getShaderParameter(made, gl.COMPILE_STATUS)) throw new Error(gl.getShaderInfoLog(made));
  return made;
}

// Returns the buffer, and what has the program read every point of it, or every other one.
function feed(gl, program, name, data, size, type, normalised) {
  const buffer = gl.createBuffer(), at = gl.getAttribLocation(program, name);
  gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
  gl.bufferData(gl.ARRAY_BUFFER, data, gl.DYNAMIC_DRAW);
  gl.enableVertexAttribArray(at);
  return { buffer, every(step) {
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.vertexAttribPointer(at, size, type, normalised, step * size * data.BYTES_PER_ELEMENT, 0);
  } };
}

function sized(canvas, width, height) {
  if (canvas.width === width && canvas.height === height) return; // to set them takes a new buffer
  canvas.width = width;
  canvas.height = height;
}

// Null where the browser has no WebGL; what changes later is the state of points and the colours.
function drawingOf(canvas, points) {
  const gl = canvas.getContext("webgl2", { antialias: false, preserveDrawingBuffer: true });
  if (!gl) return null;
  const program = gl.createProgram();
  gl.attachShader(program, shader(gl, gl.VERTEX_SHADER, VERTEX));
  gl.attachShader(program, shader(gl, gl.FRAGMENT_SHADER, FRAGMENT));
  gl.linkProgram(program);
  gl.useProgram(program);
  const states = feed(gl, program, "state", points.state, 1, gl.UNSIGNED_BYTE, false);
  const fed = [states, feed(gl, program, "place", points.places, 2, gl.UNSIGNED_SHORT, true),
    feed(gl, program, "theme", points.themes, 1, gl.UNSIGNED_SHORT, false)];
  const uniform = (name) => gl.getUniformLocation(program, name);
  const [middle, reach, size, layer] = ["middle", "reach", "size", "layer"].map(uniform);
  gl.enable(gl.BLEND);
  gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
  gl.bindTexture(gl.TEXTURE_2D, gl.createTexture());
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
  gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  return {
    paint(colours) {
      gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, colours.length / 4, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colours);
    },
    light() {
      gl.bindBuffer(gl.ARRAY_BUFFER, states.buffer);
      gl.bufferSubData(gl.ARRAY_BUFFER, 0, points.state);
    },
    // How long it takes to draw all points, which graphics cards do in no time.
    milliseconds() {
      const began = performance.now();
      for (const it of fed) it.every(1);
      gl.drawArrays(gl.POINTS, 0, points.n);
      gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4)); // waits for it
      return performance.now() - began;
    },
    draw(camera, ratio, pointSize, layers, step) {
      sized(canvas, Math.round(camera.width * ratio), Math.round(camera.height * ratio));
      for (const it of fed) it.every(step);
      gl.viewport(0, 0, canvas.width, canvas.height);
      gl.clearColor(0, 0, 0, 0);
      gl.clear(gl.COLOR_BUFFER_BIT);
      gl.uniform2f(middle, camera.x, camera.y);
      gl.uniform2f(reach, (2 * camera.side()) / camera.width, (2 * camera.side()) / camera.height);
      gl.uniform1f(size, pointSize * ratio);
      for (const it of layers) {
        gl.uniform1f(layer, it);
        gl.drawArrays(gl.POINTS, 0, Math.floor(points.n / step));
      }
    },
  };
}
