// Masks as bits, and as one-bit PNGs: 1 to 2 kB where a canvas's own PNG takes 45.

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

// One byte a pixel, 0 or 1, as a PNG Blob of one bit a pixel.
export async function encodeBits(pixels, width, height) {
  const line = ((width + 7) >> 3) + 1;
  const rows = new Uint8Array(line * height);
  for (let y = 0, i = 0; y < height; y++)
    for (let x = 0; x < width; x++, i++) if (pixels[i]) rows[y * line + 1 + (x >> 3)] |= 128 >> (x & 7);
  const packed = new Blob([rows]).stream().pipeThrough(new CompressionStream("deflate"));
  const head = new Uint8Array(13);
  const numbers = new DataView(head.buffer);
  numbers.setUint32(0, width);
  numbers.setUint32(4, height);
  head[8] = 1; // one bit a pixel, grey
  const parts = [
    Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10),
    chunk("IHDR", head),
    chunk("IDAT", new Uint8Array(await new Response(packed).arrayBuffer())),
    chunk("IEND", new Uint8Array()),
  ];
  return new Blob(parts, { type: "image/png" });
}

// The pixels of a picture at an address that are lighter than half: one byte each, 0 or 1.
export async function decodeBits(address, width, height) {
  const picture = new Image();
  picture.src = address;
  await picture.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const ink = canvas.getContext("2d", { willReadFrequently: true });
  ink.drawImage(picture, 0, 0, width, height);
  const { data } = ink.getImageData(0, 0, width, height);
  return Uint8Array.from({ length: width * height }, (_, i) => Number(data[4 * i] > 127));
}
