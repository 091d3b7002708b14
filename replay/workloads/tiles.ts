import { bc7Bytes, bc7TailBytes } from "./bc7.ts";
import type { BuiltBuffer, WorkloadBuilder } from "./builder.ts";
import type { Camera } from "./flight.ts";

/** The textures of a tile's two materials, ground and objects: colour, normals and surface of each; texels a side. */
const TEXTURES = [2048, 2048, 2048, 1024, 1024, 1024];
const TOP_BYTES = TEXTURES.map(bc7Bytes);
const TAIL_BYTES = TEXTURES.map(bc7TailBytes);

// Distances from the camera to the middle of a tile, in tiles.
const FULL_DETAIL = 2.5;
const VIEW = 5.5;
const KEEP = 8;

/** Maximum number of texture sets that a frame uploads, to keep frame times even. */
const UPLOADS_PER_FRAME = 4;

interface Tile {
  readonly x: number;
  readonly y: number;
  /** The lower mip levels, one buffer for each texture; empty until they are uploaded. */
  tails: readonly BuiltBuffer[];
  /** The top mip levels, one buffer for each texture; empty until they are uploaded. */
  tops: readonly BuiltBuffer[];
}

/** The textures in view of a camera. */
export interface VisibleTextures {
  /** Textures of near tiles: all mip levels that are in memory. */
  readonly near: readonly BuiltBuffer[];
  /** Textures of far tiles: the lower mip levels. */
  readonly far: readonly BuiltBuffer[];
}

/** An endless grid of textured tiles, of which those around the camera are in memory. */
export class StreamedTiles {
  readonly #builder: WorkloadBuilder;
  readonly #tiles = new Map<string, Tile>();

  /** Starts with nothing in memory. `builder` allocates the textures. */
  constructor(builder: WorkloadBuilder) {
    this.#builder = builder;
  }

  /** Frees tiles that are far away, and uploads missing textures in view, nearest tiles first. */
  stream(camera: Camera): void {
    for (const [key, tile] of this.#tiles) {
      if (distance(tile, camera) <= KEEP) continue;
      for (const texture of [...tile.tails, ...tile.tops]) this.#builder.free(texture);
      this.#tiles.delete(key);
    }
    let uploads = UPLOADS_PER_FRAME;
    for (const tile of this.#inView(camera)) {
      if (uploads > 0 && tile.tails.length === 0) {
        tile.tails = this.#upload(tile, "tail", TAIL_BYTES);
        uploads--;
      }
      if (uploads > 0 && tile.tops.length === 0 && distance(tile, camera) <= FULL_DETAIL) {
        tile.tops = this.#upload(tile, "top", TOP_BYTES);
        uploads--;
      }
    }
  }

  /** The textures in memory of the tiles in view, without those behind the camera. */
  visible(camera: Camera): VisibleTextures {
    const seen = this.#inView(camera).filter((tile) => ahead(tile, camera) > -1);
    const isNear = (tile: Tile) => distance(tile, camera) <= FULL_DETAIL;
    return {
      near: seen.filter(isNear).flatMap(({ tails, tops }) => [...tails, ...tops]),
      far: seen.filter((tile) => !isNear(tile)).flatMap(({ tails }) => tails),
    };
  }

  /** The tiles around the camera, nearest first. */
  #inView(camera: Camera): Tile[] {
    const tiles: Tile[] = [];
    for (let x = Math.floor(camera.x - VIEW); x <= camera.x + VIEW; x++) {
      for (let y = Math.floor(camera.y - VIEW); y <= camera.y + VIEW; y++) {
        const key = `${x},${y}`;
        const tile = this.#tiles.get(key) ?? { x, y, tails: [], tops: [] };
        if (distance(tile, camera) > VIEW) continue;
        this.#tiles.set(key, tile);
        tiles.push(tile);
      }
    }
    return tiles.sort((a, b) => distance(a, camera) - distance(b, camera));
  }

  /** Fills a staging buffer and copies it to new textures. */
  #upload({ x, y }: Tile, part: string, sizes: readonly number[]): BuiltBuffer[] {
    const name = `tile ${x},${y} ${part}`;
    const staging = this.#builder.upload(sizes.reduce((sum, bytes) => sum + bytes), `${name} staging`);
    const textures = sizes.map((bytes, texture) => this.#builder.alloc(bytes, `${name} ${texture}`));
    this.#builder.job([staging], textures);
    this.#builder.free(staging);
    return textures;
  }
}

function distance(tile: Tile, camera: Camera): number {
  return Math.hypot(tile.x + 0.5 - camera.x, tile.y + 0.5 - camera.y);
}

/** How far in front of the camera a tile is, in tiles; negative behind it. */
function ahead(tile: Tile, { x, y, heading }: Camera): number {
  return (tile.x + 0.5 - x) * Math.cos(heading) + (tile.y + 0.5 - y) * Math.sin(heading);
}
