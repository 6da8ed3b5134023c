/** Small PNG files made in the test: pictures of two or more kinds that a model can learn to tell apart. */
import { crc32, deflateSync } from "node:zlib";
import { Rng } from "../../src/core/rng.ts";

export type Colour = readonly [red: number, green: number, blue: number];

function chunk(type: string, content: Uint8Array): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), content]);
  const framed = Buffer.alloc(body.length + 8);
  framed.writeUInt32BE(content.length, 0);
  body.copy(framed, 4);
  framed.writeUInt32BE(crc32(body), body.length + 4);
  return framed;
}

/** An 8-bit RGB PNG of which `colourAt` names every pixel. */
export function png(width: number, height: number, colourAt: (x: number, y: number) => Colour): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + width * 3));
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) rows.set(colourAt(x, y), y * (1 + width * 3) + 1 + x * 3);
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", deflateSync(rows)), chunk("IEND", Buffer.alloc(0))]);
}

/** Inside a unit square centred on 0: what each kind of picture shows. */
const shapes = {
  disc: (x: number, y: number) => x * x + y * y < 0.09,
  stripes: (x: number) => Math.floor(x * 10) % 2 === 0,
  cross: (x: number, y: number) => Math.abs(x) < 0.07 || Math.abs(y) < 0.07,
} satisfies Record<string, (x: number, y: number) => boolean>;
export type Shape = keyof typeof shapes;

/** One picture of a shape, moved and coloured by the seed, on a dark ground. */
export function shapePng(shape: Shape, seed: number, size = 64): Buffer {
  const random = new Rng(seed);
  const between = (low: number, high: number): number => low + random.uniform() * (high - low);
  const [dx, dy] = [between(-0.15, 0.15), between(-0.15, 0.15)];
  const ink: Colour = [between(140, 255), between(140, 255), between(140, 255)];
  const ground: Colour = [between(0, 70), between(0, 70), between(0, 70)];
  return png(size, size, (x, y) => (shapes[shape](x / size - 0.5 - dx, y / size - 0.5 - dy) ? ink : ground));
}

/** `disc/disc-01.png`, …: a folder of images as a map from path to content. */
export function shapeFolder(kinds: readonly Shape[], { perClass, size = 64 }: { readonly perClass: number; readonly size?: number }): Map<string, Uint8Array> {
  return new Map(
    kinds.flatMap((shape, kind) =>
      Array.from({ length: perClass }, (_, i) => [`${shape}/${shape}-${String(i + 1).padStart(2, "0")}.png`, shapePng(shape, 1 + kind * 1000 + i, size)] as const),
    ),
  );
}
