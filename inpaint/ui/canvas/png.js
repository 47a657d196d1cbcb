// A one-bit PNG of what is painted: 1 to 2 kB where a canvas's own PNG takes 45.

const CRC = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 8; bit--; ) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n;
});

function chunk(type, bytes) {
  const out = new Uint8Array(bytes.length + 12);
  const numbers = new DataView(out.buffer);
  numbers.setUint32(0, bytes.length);
  out.set(new TextEncoder().encode(type), 4);
  out.set(bytes, 8);
  let crc = -1;
  for (let i = 4; i < bytes.length + 8; i++) crc = CRC[(crc ^ out[i]) & 255] ^ (crc >>> 8);
  numbers.setUint32(bytes.length + 8, ~crc);
  return out;
}

// What is opaque in an ImageData, as a PNG Blob with 1 for painted, and the leftmost painted
// column as a share of the width; null if nothing is.
async function packMask({ data, width, height }) {
  const line = ((width + 7) >> 3) + 1;
  const rows = new Uint8Array(line * height);
  let left = width;
  for (let y = 0, i = 3; y < height; y++)
    for (let x = 0; x < width; x++, i += 4)
      if (data[i] > 127) {
        rows[y * line + 1 + (x >> 3)] |= 128 >> (x & 7);
        if (x < left) left = x;
      }
  if (left === width) return null;
  const packed = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const head = new Uint8Array(13);
  const numbers = new DataView(head.buffer);
  numbers.setUint32(0, width);
  numbers.setUint32(4, height);
  head[8] = 1; // one bit a pixel, grey
  const png = [
    Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10),
    chunk("IHDR", head),
    chunk("IDAT", new Uint8Array(await new Response(packed).arrayBuffer())),
    chunk("IEND", new Uint8Array()),
  ];
  return { png: new Blob(png, { type: "image/png" }), left: left / width };
}
